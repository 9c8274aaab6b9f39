"""Blocks of one effect say what the dense matrix says."""

import numpy as np
import pytest

from entact.analysis.mixed.effects import Data, Part, products
from entact.analysis.mixed.inverse import Blocks, Dense, inverted


def _data(c: int) -> Data:
    """Seven groups of unequal size, of which the last has one row."""
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(7), [5, 3, 4, 2, 6, 3, 1])
    values = np.column_stack([np.ones(group.size), rng.normal(size=group.size)])[:, :c]
    terms = ("1", "time")[:c]
    part = Part("who", group, tuple("abcdefg"), terms, values, 0)
    return Data((part,), group.size, 2, *products((part,), rng.normal(size=(group.size, 3))))


@pytest.mark.parametrize(("c", "root"), [(1, [[1.3]]), (2, [[1.3, 0.0], [-0.4, 0.7]])])
def test_a_block_for_each_group_is_the_whole_matrix(c: int, root: list[list[float]]) -> None:
    data, own, sigma2 = _data(c), np.array(root), 0.8
    part = data.parts[0]
    blocks, half_zx, log = inverted(data, [own], sigma2)
    assert isinstance(blocks, Blocks)
    z = np.zeros((data.n, part.size))
    for row, group in enumerate(part.group):
        z[row, group * c : group * c + c] = part.values[row]
    v = sigma2 * np.eye(data.n) + z @ np.kron(np.eye(7), own @ own.T) @ z.T
    whole = z.T @ np.linalg.inv(v) @ z
    dense = Dense(whole, np.zeros_like(whole))
    assert blocks.times(np.eye(part.size)) == pytest.approx(whole, abs=1e-12)
    inner = np.kron(np.eye(7), own.T) @ data.z_z @ np.kron(np.eye(7), own) + sigma2 * np.eye(part.size)
    assert log == pytest.approx(np.linalg.slogdet(inner)[1] / 2, abs=1e-12)
    assert data.x_x - half_zx.T @ half_zx == pytest.approx(
        data.x_x
        - data.z_x.T
        @ np.linalg.solve(data.z_z + sigma2 * np.kron(np.eye(7), np.linalg.inv(own @ own.T)), data.z_x),
        abs=1e-10,
    )
    fixed = np.random.default_rng(6).normal(size=(part.size, 2))
    for mine, theirs in zip(blocks.traces(data, fixed), dense.traces(data, fixed), strict=True):
        assert mine == pytest.approx(theirs, rel=1e-12, abs=1e-12)
    for mine, theirs in zip(blocks.traces(data, fixed[:, :0]), dense.traces(data, fixed[:, :0]), strict=True):
        assert mine == pytest.approx(theirs, rel=1e-12, abs=1e-12)
