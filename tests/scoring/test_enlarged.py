"""Enlarged photographs: the customary figures, sets by their folders, the floor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from liangyi.core.errors import UserError
from liangyi.metrics.pictures import luma, psnr
from liangyi.scoring import score
from liangyi.scoring.subject import named
from liangyi.session import Session


def test_sets_are_scored_beside_the_bicubic_filter(enlarging, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    dice, pictures = np.random.default_rng(0), []
    for number, (height, width) in enumerate([(40, 64), (51, 47)]):
        pixels = dice.integers(0, 255, (height // 2, width // 2, 3), np.uint8)
        smooth = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
        smooth.save(folder / f"{number}.png")
        pictures.append(smooth)
    cards = {card.metric: card for card in score(enlarging, number=10, on=[folder])}
    assert {"psnr", "ssim", "psnr_mine", "ssim_mine", "psnr_gain"} <= cards.keys()
    card = cards["psnr_mine"]
    assert (card.real, card.split, card.data) == (2, "mine", "mine, smaller by 2")
    floors = []
    for picture in pictures:  # by Pillow alone, but for the figure
        width, height = (side // 2 * 2 for side in picture.size)
        right = picture.crop((0, 0, width, height))
        low = right.resize((width // 2, height // 2), Image.Resampling.BICUBIC)
        again = low.resize((width, height), Image.Resampling.BICUBIC)
        ours, theirs = (
            luma(torch.from_numpy(np.asarray(x).copy()).permute(2, 0, 1)[None], (0, 255), 2)
            for x in (again, right)
        )
        floors.append(float(psnr(ours, theirs, (0, 255))))
    assert card.floor == pytest.approx(np.mean(floors), abs=0.15)
    assert card.better == "higher" and card.value != card.floor
    assert cards["psnr"].split == "test" and cards["psnr"].real == 1
    gain = cards["psnr_gain_mine"]
    assert gain.value == pytest.approx(card.value - card.floor, abs=1e-4)
    assert gain.error is not None and cards["psnr_gain"].error is None


def test_the_distance_in_a_classifier_is_a_card_where_one_is_named(enlarging, classifier):
    cards = {card.metric: card for card in score(enlarging, number=10, perceptual=classifier)}
    card = cards["perceptual_distance"]
    assert card.better == "lower" and 0 < card.value < 2 and card.features == classifier


def photographs(folder, count=2, blank=0):
    folder.mkdir(parents=True)
    dice = np.random.default_rng(0)
    for number in range(count):
        pixels = dice.integers(0, 255, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    for number in range(blank):
        Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(folder / f"blank{number}.png")
    return folder


def test_a_folder_has_its_own_name_wherever_one_stands(enlarging, tmp_path, monkeypatch):
    # breaks when the cards of `.` are `psnr_`, of data without a name
    monkeypatch.chdir(photographs(tmp_path / "Set2"))
    cards = {card.metric: card for card in score(enlarging, number=10, on=[Path()])}
    assert (cards["psnr_Set2"].split, cards["psnr_Set2"].data) == ("Set2", "Set2, smaller by 2")
    # breaks when a folder that was linked here is called by the name that it has elsewhere
    Path("Set3").symlink_to(Path.cwd())
    assert named(Path("Set3")) == "Set3" and named(Path("..")) == tmp_path.name


def test_two_folders_of_one_name_are_refused_before_the_work(enlarging, tmp_path):
    # breaks when both give a card `psnr_Set2`, and nothing says which is whose
    one, other = (photographs(tmp_path / name / "Set2") for name in "ab")
    with pytest.raises(UserError, match="have one name") as raised:
        score(enlarging, number=10, on=[one, other])
    assert raised.value.setting == "on"


def test_a_blank_photograph_does_not_hide_all_others(enlarging, tmp_path):
    # breaks when its infinite decibels are those of the whole set, and the gain minus infinity
    sets = {"alone": (2, 0), "beside": (2, 1), "blank": (0, 1)}
    folders = [photographs(tmp_path / name, *counts) for name, counts in sets.items()]
    found = score(enlarging, number=10, on=folders)
    cards = {card.metric: card for card in found}
    for name in ("psnr", "psnr_gain"):
        assert cards[f"{name}_beside"].value == cards[f"{name}_alone"].value
        assert cards[f"{name}_beside"].real == 2 and f"{name}_blank" not in cards
    assert cards["ssim_beside"].real == 3 and cards["ssim_blank"].real == 1


def test_others_enlarge_nothing(small, tmp_path):
    here = small("vae")
    made = here.run(tmp_path / "vae")
    for _ in Session(made):
        pass
    with pytest.raises(UserError, match="vae cannot upscale"):
        score(made, number=20, on=[tmp_path])
