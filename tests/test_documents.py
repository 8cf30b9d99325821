"""What the documents show is run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import torch

from liangyi.core import registry
from liangyi.core.run import Run

ROOT = Path(__file__).parent.parent


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.S)


def test_the_readmes_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(blocks("README.md", "python")[0], names)
    assert names["pictures"].shape == (64, 1, 8, 8) and names["walk"].shape == (60, 1, 8, 8)
    assert (tmp_path / "runs" / "dcgan-digits-1" / "report.html").is_file()


def test_both_readmes_show_the_same_code():
    def bare(name: str) -> list[str]:
        code = [*blocks(name, "python"), *blocks(name, "sh")]
        return [re.sub(r" *#.*", "", line) for block in code for line in block.splitlines()]

    assert bare("README.md") == bare("README.zh-CN.md")


def test_the_readmes_gan_is_the_gan():
    # breaks when the README shows an algorithm that the zoo no longer has
    shown = blocks("README.md", "python")[1].split("step):\n")[1]
    source = (ROOT / "src/liangyi/zoo/gan.py").read_text(encoding="utf-8")
    squeezed = re.sub(r"\s+", "", source).replace(",self.config.real_target", "")
    assert re.sub(r"\s+", "", shown) in squeezed


def test_the_paper_in_one_file_is_a_model(tmp_path, monkeypatch, small):
    code = blocks("CONTRIBUTING.md", "python")[0]
    monkeypatch.setattr(registry, "_models", dict(registry._models))
    exec(compile(code, "lsgan.py", "exec"), {"__name__": "liangyi.zoo.lsgan"})
    assert "lsgan" in registry.names() and registry.summary("lsgan").startswith("LSGAN")
    here = small("lsgan", width=4, latent=8)
    for report in here.trainer().run(3):
        assert all(torch.isfinite(torch.tensor(list(report.read().values()))))
    assert isinstance(here.run(tmp_path / "run"), Run)


def test_every_linked_file_is_there():
    for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text(encoding="utf-8")):
            assert (ROOT / link).exists(), f"{name} links {link}"
