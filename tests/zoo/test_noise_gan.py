"""Noise GAN and DnCNN: closed forms, strips without seams, and a run that lends its noise."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch
from PIL import Image

from conftest import QUICK
from liangyi import cli, data
from liangyi.core.errors import UserError
from liangyi.core.spec import Pixels, Spec
from liangyi.data.pictures.noisy import Unpaired
from liangyi.runs.building import build
from liangyi.runs.run import Run
from liangyi.session import Session, create
from liangyi.use.tiles import assembled
from liangyi.zoo.vision import noise_gan
from liangyi.zoo.vision.dncnn import DnCNN, DnCNNConfig
from liangyi.zoo.vision.noise_gan import NoiseGAN

GREY = Pixels(1, 16, 16)
SPEC = Spec("noisy", noisy=GREY, clean=GREY, noised=GREY)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return the folder of a short run of each."""
    folder = tmp_path_factory.mktemp("runs")
    source = data.choose("planted-noise", side=16)
    for name, kind, config in (
        ("noise", NoiseGAN, NoiseGAN.Config(**NoiseGAN.tiny)),
        ("denoise", DnCNN, DnCNNConfig(depth=3, width=4, noise=str(folder / "noise"))),
    ):
        training = dataclasses.replace(QUICK, validate_every=0)
        for _ in Session(create(kind, config, source, training, folder / name)):
            pass
    return folder


def test_the_network_is_the_papers():
    # the authors' 17 layers of 64 channels for grey pictures
    model = build(DnCNN, DnCNNConfig(depth=17, width=64), SPEC, 0)
    assert sum(weight.numel() for weight in model.parameters()) == 556_097


def test_noise_is_odd_in_the_dice_and_so_has_no_mean(small):
    generator = small("noise-gan").build().generator
    picture, dice = torch.rand(2, 1, 12, 12), torch.randn(2, 2, 12, 12)
    with torch.no_grad():
        one, other = generator(picture, dice), generator(picture, -dice)
    assert one.shape == (2, 1, 8, 8) and float(one.abs().max()) > 0
    torch.testing.assert_close(one, -other)


def test_strengths_are_read_off_each_pixel_alone(small):
    # breaks when edges and texture decide: their share in two sets of photographs is not noise
    strength = small("noise-gan").build().generator.strength
    picture = torch.rand(1, 1, 9, 9)
    other = picture.clone()
    other[0, 0, 4, 4] = 1 - other[0, 0, 4, 4]
    with torch.no_grad():
        changed = (strength(picture) != strength(other)).any(1)[0]
    assert changed[4, 4] and changed.sum() == 1


def test_a_picture_is_noised_in_strips_that_share_their_dice(small, monkeypatch):
    # breaks when noise on both sides of a border is independent, which is seen as a line
    model = small("noise-gan").build()
    clean = torch.zeros(1, 1, 60, 20)
    monkeypatch.setattr(noise_gan, "_STRIP", 200)  # 10 rows
    with torch.no_grad():
        for layer in (model.generator.coupled[0], model.generator.coupled[2]):
            layer.weight.fill_(0.1)  # neighbours go together
        found = torch.cat([model.residual(clean) for _ in range(300)])
    above, below = found[:, 0, 9], found[:, 0, 10]  # across a border
    inner, next_one = found[:, 0, 4], found[:, 0, 5]
    across = torch.corrcoef(torch.stack([above.flatten(), below.flatten()]))[0, 1]
    inside = torch.corrcoef(torch.stack([inner.flatten(), next_one.flatten()]))[0, 1]
    assert float(inside) > 0.5 and abs(float(across - inside)) < 0.05


@pytest.mark.parametrize(("height", "width"), [(5, 7), (64, 33), (700, 1000)])
def test_denoising_in_tiles_is_denoising_the_whole(height, width):
    model = build(DnCNN, DnCNNConfig(depth=4, width=4), SPEC, 0).eval()
    torch.nn.init.normal_(model.network[-1].weight)
    picture = torch.rand(1, 1, height, width) * 2 - 1
    with torch.no_grad():
        whole = model.network(picture)
        parts = assembled(model.network, picture, model.reach)
    torch.testing.assert_close(parts, whole, atol=1e-4, rtol=1e-4)


def test_gaussian_noise_has_the_deviation_that_is_told():
    model = build(DnCNN, DnCNNConfig(depth=2, width=2, sigma=10.0), SPEC, 0)
    clean = torch.zeros(50, 1, 16, 16)
    noisy = model.noised(Unpaired(clean, clean))
    assert float(noisy.std()) * 127.5 == pytest.approx(10, rel=0.03)


def test_without_pairs_a_denoiser_wants_noise():
    spec = SPEC.without("noised")
    with pytest.raises(UserError, match="no pairs") as told:
        build(DnCNN, DnCNNConfig(), spec, 0)
    assert told.value.setting == "noise"
    build(DnCNN, DnCNNConfig(sigma=5.0), spec, 0)
    with pytest.raises(UserError, match="no run at nowhere"):
        build(DnCNN, DnCNNConfig(noise="nowhere"), spec, 0)


def test_the_borrowed_noise_is_frozen_and_kept_with_the_run(runs):
    lender, borrower = Run(runs / "noise").newest(print), Run(runs / "denoise")
    model = borrower.model()
    assert not any(name.startswith("simulator") for name in borrower.newest(print).tensors)
    own = model.simulator.network.state_dict()
    for name, value in Run(runs / "noise").model().state_dict().items():
        assert torch.equal(own[name], value), name
    assert lender is not None and (runs / "denoise" / "borrowed").is_dir()


def size_of(path: str) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_the_command_line_takes_pictures_of_any_size(runs, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pixels = np.random.RandomState(0).randint(0, 255, (50, 70, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("photo.png")
    Image.fromarray(pixels[:9, :5, 0]).save("small.png")

    def say(line: str, code: int = 0) -> str:
        assert cli.main(line.split()) == code, capsys.readouterr()
        return "".join(capsys.readouterr())

    told = say(f"add-noise {runs}/noise photo.png -o noisy.png")
    assert "photo.png is coloured; noise-gan takes it as grey" in told
    assert size_of("noisy.png") == (70, 50)
    say(f"denoise {runs}/denoise noisy.png -o clean.png")
    assert size_of("clean.png") == (70, 50)
    say(f"denoise {runs}/denoise photo.png small.png -o both")
    assert size_of("both/small.png") == (5, 9)
    say(f"add-noise {runs}/noise -n 4 -o held-out.png")
    assert "there is no picture" in say(f"denoise {runs}/denoise none.png", 2)


def test_both_are_scored_by_true_noise(runs, capsys):
    for name, wanted in (
        ("noise", {"noise_variance", "noise_correlation", "noise_kurtosis", "noise_deviation"}),
        ("denoise", {"psnr", "ssim", "noisy_psnr", "noisy_ssim"}),
    ):
        assert cli.main(["score", str(runs / name), "-n", "60", "--json"]) == 0
        said = json.loads(capsys.readouterr().out)
        cards = {
            card["metric"]: card for card in (said if isinstance(said, list) else said["cards"])
        }
        assert wanted <= cards.keys()
        assert all(cards[metric]["interval"] for metric in wanted)
