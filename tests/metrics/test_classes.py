"""The classifier score against scikit-learn's mutual information and torch-fidelity."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import mutual_info_score
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.metrics.classes import classifier_score, classifier_score_error, entropy_share
from liangyi.metrics.frechet import parts


def draw(count: int, classes: int = 10, seed: int = 0, sharp: float = 3.0) -> Tensor:
    logits = torch.randn(count, classes, generator=torch.Generator().manual_seed(seed))
    return (sharp * logits).softmax(1)


def test_it_is_the_mutual_information_of_item_and_class():
    # breaks with base 2, or with the divergence the wrong way round
    counts = torch.multinomial(draw(200), 1000, replacement=True)
    table = torch.stack([row.bincount(minlength=10) for row in counts])
    expected = math.exp(mutual_info_score(None, None, contingency=table.numpy()))
    assert classifier_score(table / 1000) == pytest.approx(expected, rel=1e-6)


def test_it_is_torch_fidelitys_on_one_part():
    isc = pytest.importorskip("torch_fidelity.metric_isc")
    logits = torch.randn(300, 10, generator=torch.Generator().manual_seed(0))
    found = isc.isc_features_to_metric(logits, splits=1, shuffle=False)
    expected = found[isc.KEY_METRIC_ISC_MEAN]
    assert classifier_score(logits.double().softmax(1)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("classes", [2, 10])
def test_its_ends_are_one_and_the_number_of_classes(classes):
    # breaks when log 0 gives NaN
    sure = torch.eye(classes).repeat(3, 1)
    assert classifier_score(sure) == pytest.approx(classes)
    assert classifier_score(sure[:1].repeat(9, 1)) == 1  # collapse on one class
    assert classifier_score(torch.full((9, classes), 1 / classes)) == pytest.approx(1)


def test_the_error_is_that_of_scores_with_each_group_left_out():
    # breaks when the sums of a group are not taken away from both terms
    found = draw(43)
    values = []
    for rows in parts(43, 5):
        kept = torch.ones(43, dtype=torch.bool)
        kept[rows] = False
        values.append(classifier_score(found[kept]))
    expected = (4 / 5 * sum((v - sum(values) / 5) ** 2 for v in values)) ** 0.5
    assert classifier_score_error(found, 5) == pytest.approx(expected, rel=1e-9)
    assert classifier_score_error(found[:1].repeat(40, 1)) == pytest.approx(0, abs=1e-9)


def test_the_error_is_the_spread_over_repeated_draws():
    draws = [draw(300, seed=seed) for seed in range(40)]
    spread = torch.tensor([classifier_score(found) for found in draws]).std()
    errors = torch.tensor([classifier_score_error(found) for found in draws])
    assert 0.5 < float(errors.mean() / spread) < 2


def test_bfloat16_probabilities_will_do():
    found = draw(200)
    assert classifier_score(found.bfloat16()) == pytest.approx(classifier_score(found), rel=0.01)


def test_entropy_share_of_known_histograms():
    assert entropy_share(torch.tensor([7, 7, 7])) == pytest.approx(1)
    assert entropy_share(torch.tensor([0, 9, 0])) == 0
    assert entropy_share(torch.tensor([5, 5, 0, 0])) == pytest.approx(0.5)


def test_mistakes_are_named():
    with pytest.raises(UserError, match="no probabilities"):
        classifier_score(torch.randn(5, 3))  # logits
    with pytest.raises(UserError, match="no probabilities"):
        classifier_score(torch.tensor([[torch.nan, 0.5]]))
    with pytest.raises(UserError, match="N at least 1"):
        classifier_score(torch.ones(0, 3))
    with pytest.raises(UserError, match="2 to 5 do"):
        classifier_score_error(draw(10))
    for bad in ([4], [0, 0], [3, -1]):
        with pytest.raises(UserError, match="histogram"):
            entropy_share(torch.tensor(bad))
