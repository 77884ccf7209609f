"""Missing values, scales and categories: one scikit-learn transformer, which is fitted inside each fold."""

# scikit-learn has no types; pyright guesses them from defaults
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

from typing import Literal

import numpy as np
import sklearn
from numpy import ndarray
from packaging.version import Version
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

Missing = Literal["mean", "median", "knn", "model", "indicator"]
Scale = Literal["z", "minmax", "robust", "group", "none"]
Encode = Literal["onehot", "ordinal", "target"]
NEIGHBORS = 5  # scikit-learn's default for KNNImputer
TARGET_FOLDS = 5  # scikit-learn's default
NEAREST = 16  # columns that predict a missing value: with all of 2,048, one round takes minutes


def preprocessor(categorical: ndarray, *, missing: Missing, scale: Scale, encode: Encode, seed: int = 0) -> Pipeline:
    """Numbers: fill, then scale. Categories: the most frequent value where one is missing, then encode, then scale as
    numbers. Columns without any value, or with one alone, vanish.

    Args:
        categorical: bool [D].
    """
    numbers, names = np.flatnonzero(~categorical).tolist(), np.flatnonzero(categorical).tolist()
    parts: list[tuple[str, BaseEstimator, list[int]]] = []
    if numbers:
        parts.append(("numbers", imputer(missing, seed), numbers))
    if names:
        known = Pipeline([("fill", SimpleImputer(strategy="most_frequent")), ("encode", encoder(encode, seed))])
        parts.append(("names", known, names))
    columns = ColumnTransformer(parts, sparse_threshold=0, verbose_feature_names_out=False)
    return Pipeline([("columns", columns), ("varying", VarianceThreshold()), ("scale", scaler(scale))])


def imputer(missing: Missing, seed: int) -> BaseEstimator:
    """What fills missing numbers: ``indicator`` takes the mean, and adds a column that says where."""
    if missing == "knn":
        return KNNImputer(n_neighbors=NEIGHBORS, keep_empty_features=True)
    if missing == "model":
        from sklearn.experimental import enable_iterative_imputer  # noqa: F401 (makes the next import work)
        from sklearn.impute import IterativeImputer

        return IterativeImputer(n_nearest_features=NEAREST, random_state=seed, keep_empty_features=True)
    strategy = "median" if missing == "median" else "mean"
    return SimpleImputer(strategy=strategy, add_indicator=missing == "indicator", keep_empty_features=True)


def encoder(encode: Encode, seed: int) -> BaseEstimator:
    """What makes numbers of categories. ``target`` is cross-fitted by scikit-learn, so that no row sees its label."""
    if encode == "onehot":
        return OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    if encode == "ordinal":
        return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    if Version(sklearn.__version__) < Version("1.9"):
        return TargetEncoder(random_state=seed)
    return TargetEncoder(cv=StratifiedKFold(TARGET_FOLDS, shuffle=True, random_state=seed))


def scaler(scale: Scale) -> BaseEstimator:
    """``group`` was done before (matrix.group_scaled); z follows it, so that penalties mean the same."""
    kinds = {"z": StandardScaler, "group": StandardScaler, "minmax": MinMaxScaler, "robust": RobustScaler}
    return kinds[scale]() if scale in kinds else FunctionTransformer(feature_names_out="one-to-one")
