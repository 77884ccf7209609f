"""Rows in two dimensions."""

import numpy as np
from numpy import ndarray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

COMPONENTS = 50  # t-SNE starts from so many principal components, as its authors do (JMLR 9:2579, 2008)
PERPLEXITY = 30.0  # scikit-learn's default; with fewer rows a third of them


def embedded(x: ndarray, method: str, seed: int) -> tuple[ndarray, float | None]:
    """float [N, 2], and the share of the variance that is seen; None = the method knows none."""
    pca = PCA(min(2 if method == "pca" else COMPONENTS, *x.shape), random_state=seed)
    reduced = pca.fit_transform(x)
    if method == "pca":
        return _two_columns(reduced), float(pca.explained_variance_ratio_[:2].sum())
    perplexity = min(PERPLEXITY, (len(x) - 1) / 3)
    start = "pca" if reduced.shape[1] > 1 else "random"
    return TSNE(perplexity=perplexity, init=start, random_state=seed).fit_transform(reduced), None


def alike_neighbors(x: ndarray, y: ndarray) -> tuple[float, float]:
    """Share of rows whose nearest other row by cosine has their label, and the share by chance."""
    unit = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -2)
    counts = np.bincount(y)
    chance = (counts * (counts - 1)).sum() / (len(y) * (len(y) - 1))
    return float((y[similarity.argmax(1)] == y).mean()), float(chance)


def _two_columns(x: ndarray) -> ndarray:
    """A single column gets zeros beside it."""
    return x[:, :2] if x.shape[1] > 1 else np.column_stack([x, np.zeros(len(x))])
