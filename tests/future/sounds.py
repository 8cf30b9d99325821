"""Sounds: a kind of field that nobody planned for; a GAN on short waves (arXiv:1802.04208)."""

import math
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import torch
from PIL import Image, ImageDraw
from torch import Tensor

import liangyi
from liangyi import fields
from liangyi.core.spec import Field, Spec
from liangyi.data import Source, source
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True)
class Sound(Field):
    samples: int
    rate: int  # samples a second

    @property
    def shape(self):
        return (self.samples,)


@fields.scaled.register
def _(field: Sound, stored, value_range):
    return stored.float() / 32768


@fields.stored.register
def _(field: Sound, values, value_range):
    return (values.detach().cpu() * 32767).round().clamp(-32768, 32767).short()


@fields.coordinates.register
def _(field: Sound, items):
    return torch.fft.rfft(items.float()).abs()  # a shifted sound is the same sound


@fields.shown.register
def _(field: Sound):
    return 8


@fields.sheet.register
def _(field: Sound, items, value_range, truth=None, captions=()):
    sheet = Image.new("L", (2 * field.samples, 60 * len(items)), "white")
    pen = ImageDraw.Draw(sheet)
    for row, wave in enumerate(items.detach().cpu().tolist()):
        pen.line([(2 * x, 60 * row + 30 - 25 * y) for x, y in enumerate(wave)], fill=0)
    return sheet


class Sounds(NamedTuple):
    sound: Annotated[Tensor, Sound]


@source("tones", "short tones of three pitches; endless")
class Tones(Source):
    def spec(self):
        return Spec("sound", sound=Sound(64, 8000))

    def draw(self, count, generator):
        pitch = torch.randint(3, (count, 1), generator=generator) + 2
        phase = torch.rand(count, 1, generator=generator) * 2 * math.pi
        return {"sound": ((pitch * torch.arange(64) * math.pi / 32 + phase).sin() * 16000).short()}


@liangyi.register("sound-gan")
class SoundGAN(GAN):
    """Sounds: the plain GAN; only the kind of its data is new."""

    eats, data, tiny_data = (Sounds,), "tones", {"data": "tones"}
