"""The small-sample covariance of the coefficients and the scaled F test of Kenward & Roger.

With P_k = M_k,XX (Kenward & Roger 1997: P_i = -X' V^-1 D_i V^-1 X), w the covariance of theta,
here twice the inverse of the observed information:

    Q_kl   = X' W D_k W D_l W X
    R_kl   = X' W (d2V / dtheta_k dtheta_l) W X
    Phi_A  = C + 2 C { sum_kl w_kl (Q_kl - P_k C P_l - R_kl / 4) } C            (Kenward & Roger 1997)

R_kl depends on the parameters that V is written in. `convention="sas"` uses SAS PROC MIXED's (variances,
covariances or correlations, ranges); for structures linear in them R vanishes. `"mmrm"` uses R mmrm's (log
standard deviations, Cholesky factors, mapped correlations), which makes R differ from zero even for an
unstructured V. `linear=True` leaves R out (SAS `ddfm=kr(linear)`, Kenward & Roger 2009).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from entact.analysis.mmrm.evaluation import Evaluation
from entact.analysis.mmrm.moments import Moments
from entact.analysis.mmrm.small import Floats, half
from entact.analysis.mmrm.surface import Surface

Convention = Literal["sas", "mmrm"]


def adjusted_covariance(
    moments: Moments,
    surface: Surface,
    at: Evaluation,
    w: Floats,
    *,
    convention: Convention = "sas",
    linear: bool = False,
) -> Floats:
    """Phi_A in the conditioned basis (..., q, q), with w (..., K, K) the covariance of theta."""
    pairs = half(moments.q + 1)
    c = at.covariance
    slopes = pairs.unpack(at.slopes)[..., :-1, :-1]
    middle = pairs.unpack(_weighted_q(moments, surface, at, w))[..., :-1, :-1]

    # sum_kl w_kl P_k C P_l with w = B B': one product for each column of B
    root = np.linalg.cholesky(w)
    k, q = slopes.shape[-3], slopes.shape[-1]
    lead = slopes.shape[:-3]
    mixed = (np.swapaxes(root, -1, -2) @ slopes.reshape(*lead, k, q * q)).reshape(*lead, k * q, q)
    half_way = mixed @ np.swapaxes(at.root, -1, -2)
    half_way = half_way.reshape(*lead, k, q, q)
    stacked = np.swapaxes(half_way, -3, -2).reshape(*lead, q, k * q)
    middle = middle - stacked @ np.swapaxes(stacked, -1, -2)

    bent = _weighted_bend(surface, at.theta, w, convention, linear)
    if bent is not None and at.elements is not None:
        r = -np.einsum("sh,shq->q", bent, at.elements)
        middle = middle - 0.25 * pairs.unpack(r)[..., :-1, :-1]
    adjusted: Floats = c + 2.0 * c @ middle @ c
    return adjusted


def contrast_variances(
    moments: Moments,
    surface: Surface,
    at: Evaluation,
    w: Floats,
    rows: Floats,
    *,
    convention: Convention = "sas",
    linear: bool = False,
) -> Floats:
    """Diagonal of L Phi_A L' for rows (r, q): (T, r), unstructured V, without forming Phi_A."""
    lc = rows @ at.covariance
    own = (lc * rows).sum(-1)
    q_sum = half(moments.q + 1).unpack(_weighted_q(moments, surface, at, w))[..., :-1, :-1]
    pulled = half(moments.q + 1).unpack(at.slopes)[..., :-1, :-1] @ np.swapaxes(lc, -1, -2)[..., None, :, :]
    lead, k, q, r = pulled.shape[:-3], pulled.shape[-3], pulled.shape[-2], pulled.shape[-1]
    half_way = at.root @ np.swapaxes(pulled, -3, -2).reshape(*lead, q, k * r)
    half_way = half_way.reshape(*lead, q, k, r)
    mixed = np.einsum("...qkr,...kl,...qlr->...r", half_way, w, half_way, optimize=True)
    variance: Floats = own + 2.0 * ((lc @ q_sum) * lc).sum(-1) - 2.0 * mixed
    if convention == "mmrm" and not linear:
        pairs = zip(at.theta, w, strict=True)
        bent = np.stack([_in_mmrm(surface, theta, own_w)[0] for theta, own_w in pairs])
        r_sum = half(moments.q + 1).unpack(-(bent[:, None] @ at.slopes)[:, 0])[..., :-1, :-1]
        variance = variance - 0.5 * ((lc @ r_sum) * lc).sum(-1)
    return variance


def _weighted_bend(
    surface: Surface, theta: Floats, w: Floats, convention: Convention, linear: bool
) -> Floats | None:
    """sum_kl w_kl d2V / dtheta_k dtheta_l (S, h), or None where it vanishes."""
    if linear or (convention == "sas" and surface.structure.linear):
        return None
    return _in_mmrm(surface, theta, w) if convention == "mmrm" else surface.bend_along(theta, w)


def _in_mmrm(surface: Surface, theta: Floats, w: Floats) -> Floats:
    """The same in R mmrm's parameters: V''(phi) = V''(theta) theta' theta' + V'(theta) theta''."""
    first, second = surface.reparametrised(theta)
    back = np.linalg.inv(first)
    own = np.einsum("ab,kab->k", back @ w @ back.T, second)
    bent: Floats = surface.bend_along(theta, w) + surface.slope(theta) @ own
    return bent


def _weighted_q(moments: Moments, surface: Surface, at: Evaluation, w: Floats) -> Floats:
    """sum_kl w_kl Q_kl, packed: F = sum_kl w_kl D_k W D_l first, then one contraction of W F W with A."""
    grid = half(moments.m)
    m = moments.m
    if surface.free:
        by_element = w[..., None, :, :]
    else:
        jacobian = surface.slope(at.theta)
        by_element = jacobian @ w[..., None, :, :] @ np.swapaxes(jacobian, -1, -2)
    # F[i, b] = sum_ja w[(i, j), (a, b)] W[j, a]
    i, b = np.divmod(np.arange(m * m), m)
    rows, columns = grid.place[i[:, None], i[None, :]], grid.place[b[None, :], b[:, None]]
    four = by_element[..., rows, columns]
    inverse = at.inverse
    flat = inverse.reshape(*inverse.shape[:-2], m * m)
    inner = (flat @ np.swapaxes(four, -1, -2)).reshape(inverse.shape)
    summed = inverse[..., : moments.summed, :, :]
    outer = summed @ inner[..., : moments.summed, :, :] @ summed
    weights = grid.times * grid.pack(0.5 * (outer + np.swapaxes(outer, -1, -2)))
    products = moments.products
    lead = weights.shape[:-3]
    total: Floats = (
        weights.reshape(*lead, 1, -1) @ products.reshape(*products.shape[:-4], -1, products.shape[-1])
    )[..., 0, :]
    if moments.rows is not None:
        rows_kept = moments.rows
        whitened = rows_kept.times(inverse)
        turned = inner[rows_kept.sheet, rows_kept.pattern] @ whitened
        n = moments.q + 1
        full = whitened.reshape(-1, n).T @ turned.reshape(-1, n)
        total = total + half(n).pack(0.5 * (full + full.T))
    return total


def f_test(
    rows: Floats, c: Floats, slopes: Floats, w: Floats, adjusted: Floats, estimate: Floats
) -> tuple[float, float]:
    """Scaled F statistic and its denominator degrees of freedom (Kenward & Roger 1997).

    Args:
        rows: (r, q) independent rows of the hypothesis L beta = 0 in the conditioned basis
        c: (q, q) unadjusted covariance
        slopes: (K, q, q) P_k
        w: (K, K) covariance of theta
        adjusted: (q, q) Phi_A
        estimate: (r,) L beta
    """
    r = rows.shape[0]
    lc = rows @ c
    inner = np.linalg.inv(lc @ rows.T)
    # tr(Theta C P_k C) with Theta = L'(LCL')^-1 L
    t = lc @ slopes @ lc.T
    b = inner @ t
    traces = np.trace(b, axis1=-2, axis2=-1)
    a1 = float(traces @ w @ traces)
    a2 = float(np.einsum("kl,kij,lji->", w, b, b))
    big_b = (a1 + 6.0 * a2) / (2.0 * r)
    g = ((r + 1) * a1 - (r + 4) * a2) / ((r + 2) * a2)
    divisor = 3.0 * r + 2.0 * (1.0 - g)
    c1, c2, c3 = g / divisor, (r - g) / divisor, (r + 2 - g) / divisor
    e = 1.0 / (1.0 - a2 / r)
    v = 2.0 / r * (1.0 + c1 * big_b) / ((1.0 - c2 * big_b) ** 2 * (1.0 - c3 * big_b))
    rho = v / (2.0 * e * e)
    df = 4.0 + (r + 2.0) / (r * rho - 1.0)
    scale = df / (e * (df - 2.0))
    f = float(estimate @ np.linalg.solve(rows @ adjusted @ rows.T, estimate)) / r
    return scale * f, df
