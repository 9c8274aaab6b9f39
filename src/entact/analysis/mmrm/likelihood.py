"""-2 log likelihood of an MMRM, its gradient and observed information, from sufficient statistics.

Model (Laird & Ware 1982, the marginal form): y_i = X_i beta + e_i, e_i ~ N(0, V_i), V_i the rows
and columns of V(theta) at the visits seen. With W = V^-1 and, per pattern p of visits seen,
A_p[a, b] = sum over its participants of z_ia z_ib', z = [x, y] (cross-products as in Lindstrom & Bates 1988):

    (1) M      = sum_p sum_ab W_p[a, b] A_p[a, b]      holding X'WX, X'Wy, y'Wy
    (2) C      = (X'WX)^-1,   beta = C X'Wy,   r = [-beta; 1]
    (3) -2 l   = sum_p n_p log|V_p| + [log|X'WX|] + r'Mr + (n - [q]) log 2 pi         [REML only]

(3) is -2 times (1.3), for REML (1.4), of Lindstrom & Bates 1988, section 1, with sigma^2 within V.

The derivatives are first taken by the elements v_k of V itself (E_k = dV/dv_k has ones where they stand):

    (4) dM/dv_k            = M_k = -sum_p sum_ab (W E_k W)_p[a, b] A_p[a, b]
    (5) G                  = [blockdiag(C, 0)] + r r';   T_p[a, b] = <A_p[a, b], G>;   Z_p = W_p T_p W_p
    (6) d(-2 l)/dv_k       = sum_p tr((n_p W - Z)_p E_k)
    (7) d2(-2 l)/dv_k dv_l = sum_p tr((2 Z - n_p W) E_k W E_l) - [tr(C M_k C M_l)] - 2 u_k' C u_l,
                             u_k = (M_k r)_X

(The derivatives of Lindstrom & Bates 1988, contracted in the order that needs no K^2 matrices of size q.) The
chain rule takes them to theta; where V bends, the gradient by v contracted with its second derivatives is
added. With M = L L' on all of z and Gamma = [L_X^-1, 0; r'] one has G = Gamma'Gamma.
All functions take leading batch axes, so that one trial and ten thousand are the same code.
"""

from __future__ import annotations

import numpy as np

from entact.analysis.mmrm.evaluation import Evaluation
from entact.analysis.mmrm.moments import Moments
from entact.analysis.mmrm.single import evaluate_single
from entact.analysis.mmrm.small import (
    Floats,
    cholesky,
    half,
    invert,
    invert_lower,
    spread,
    trace_products,
)
from entact.analysis.mmrm.surface import Surface

LOG_2_PI = float(np.log(2.0 * np.pi))


def evaluate(moments: Moments, surface: Surface, theta: Floats, *, reml: bool) -> Evaluation:
    """-2 log likelihood and its first two derivatives by theta, at theta (..., K); NaN where V is not one."""
    if reml and theta.ndim == 1 and surface.free and moments.rows is None:
        found = evaluate_single(moments, theta)
        if found is not None:
            return found
    return evaluate_any(moments, surface, theta, reml=reml)


def evaluate_any(moments: Moments, surface: Surface, theta: Floats, *, reml: bool) -> Evaluation:
    """The same of any structure, with any batch axes."""
    grid = half(moments.m)
    pairs = half(moments.q + 1)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        packed = surface.value(theta)
    w, logdet = invert_patterns(grid.unpack(packed), moments)

    whitened = None if moments.rows is None else moments.rows.times(w)
    m_full = pairs.unpack(contract(moments, w, whitened))
    gamma, root, logdet_information, quadratic, whitener = solve(m_full)
    value = (moments.count * logdet).sum((-1, -2)) + quadratic
    if reml:
        value = value + logdet_information
    contrast = whitener if reml else whitener[..., -1:, :]

    z = _scores(moments, w, contrast, whitened)
    n_w = moments.count[..., None, None] * w
    by_element = grid.times * grid.pack((n_w - z).sum(-3))
    curvature = trace_products(2.0 * z - n_w, w)

    elements = _slopes_by_element(moments, w, whitened)
    if surface.free:
        gradient, hessian = by_element[..., 0, :], curvature[..., 0, :, :]
        slopes = elements[..., 0, :, :]
    else:
        jacobian = surface.slope(theta)
        turned = np.swapaxes(jacobian, -1, -2)
        gradient = (turned @ by_element[..., None])[..., 0].sum(-2)
        hessian = (turned @ curvature @ jacobian).sum(-3)
        if not surface.structure.linear:
            hessian = hessian + surface.bend(theta, by_element)
        slopes = (turned @ elements).sum(-3)
    hessian = hessian - _projected(pairs.unpack(slopes), whitener, reml)
    return Evaluation(theta, value, gradient, hessian, gamma, root, logdet_information, w, slopes, elements)


def invert_patterns(v: Floats, moments: Moments) -> tuple[Floats, Floats]:
    """W and log|V| of every pattern: (..., S, m, m) to (..., S, P, m, m) and (..., S, P)."""
    seen = moments.seen
    both = seen[..., :, None] & seen[..., None, :]
    stand_in = np.where(both, 0.0, np.eye(moments.m))
    w, logdet = invert(v[..., None, :, :] * both + stand_in)
    return w * both, logdet


def contract(moments: Moments, w: Floats, whitened: Floats | None) -> Floats:
    """M, packed (..., Q)."""
    grid = half(moments.m)
    weights = grid.times * grid.pack(w[..., : moments.summed, :, :])
    lead = weights.shape[:-3]
    flat = weights.reshape(*lead, 1, -1)
    products = moments.products
    m_packed: Floats = (flat @ products.reshape(*products.shape[:-4], -1, products.shape[-1]))[..., 0, :]
    if moments.rows is not None and whitened is not None:
        full = moments.rows.z.reshape(-1, moments.q + 1).T @ whitened.reshape(-1, moments.q + 1)
        m_packed = m_packed + half(moments.q + 1).pack(0.5 * (full + full.T))
    return m_packed


def solve(m_full: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """gamma, L_X^-1, log|X'WX|, r'Mr and Gamma from M (..., q + 1, q + 1)."""
    lower = cholesky(m_full)
    inverse = invert_lower(lower)
    last = lower[..., -1, -1]
    whitener = inverse
    whitener[..., -1, :] *= last[..., None]
    gamma = -whitener[..., -1, :-1]
    root = whitener[..., :-1, :-1]
    logdet = 2.0 * np.log(np.diagonal(lower, axis1=-2, axis2=-1)[..., :-1]).sum(-1)
    return gamma, root, logdet, last**2, whitener


def _scores(moments: Moments, w: Floats, contrast: Floats, whitened: Floats | None) -> Floats:
    """Z_p = W_p T_p W_p with T_p[a, b] = <A_p[a, b], G>: (..., S, P, m, m)."""
    grid, pairs = half(moments.m), half(moments.q + 1)
    g = pairs.times * pairs.pack(np.swapaxes(contrast, -1, -2) @ contrast)
    products = moments.products
    t = (products @ g[..., None, None, :, None])[..., 0]
    summed = w[..., : moments.summed, :, :]
    z = summed @ grid.unpack(t) @ summed
    if moments.rows is None or whitened is None:
        return z
    turned = whitened @ contrast.T
    own = moments.rows.by_pattern(turned @ np.swapaxes(turned, -1, -2))
    return np.concatenate([z, own], axis=-3)


def _slopes_by_element(moments: Moments, w: Floats, whitened: Floats | None) -> Floats:
    """M_k for the elements of V, packed: (..., S, h, Q)."""
    products = moments.products
    q2 = products.shape[-1]
    kernel = spread(w[..., : moments.summed, :, :])
    elements: Floats = -(kernel @ products.reshape(*products.shape[:-3], -1, q2))
    if moments.rows is not None and whitened is not None:
        elements = elements - moments.rows.outer_by_sheet(whitened, elements.shape)
    return elements


def _projected(slopes: Floats, whitener: Floats, reml: bool) -> Floats:
    """[tr(C M_k C M_l)] + 2 u_k' C u_l from M_k (..., K, q + 1, q + 1).

    With G of (5) this is tr(M_k G M_l G) less the product of the two r' M r.
    """
    lead, k, n = slopes.shape[:-3], slopes.shape[-3], slopes.shape[-1]
    r = whitener[..., -1, :, None]
    along = (slopes.reshape(*lead, k * n, n) @ r).reshape(*lead, k, n)
    if not reml:
        u = along @ np.swapaxes(whitener[..., :-1, :], -1, -2)
        return 2.0 * (u @ np.swapaxes(u, -1, -2))
    g = np.swapaxes(whitener, -1, -2) @ whitener
    product = (slopes.reshape(*lead, k * n, n) @ g).reshape(*lead, k, n, n)
    turned = np.swapaxes(product, -1, -2).reshape(*lead, k, n * n)
    corner = along @ r
    result: Floats = product.reshape(*lead, k, n * n) @ np.swapaxes(turned, -1, -2)
    return result - corner @ np.swapaxes(corner, -1, -2)


def expected(moments: Moments, surface: Surface, at: Evaluation) -> Floats:
    """sum_p n_p tr(W D_k W D_l): the expected information without its correction for beta, (..., K, K).

    Positive definite wherever V is, so that it can take the place of the observed information far from the
    optimum.
    """
    by_element = trace_products(moments.count[..., None, None] * at.inverse, at.inverse)
    if surface.free:
        return by_element[..., 0, :, :]
    jacobian = surface.slope(at.theta)
    result: Floats = (np.swapaxes(jacobian, -1, -2) @ by_element @ jacobian).sum(-3)
    return result
