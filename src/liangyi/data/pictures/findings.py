"""What was found in a folder of pictures, told before the first step."""

from __future__ import annotations

from dataclasses import dataclass

from liangyi.core.counts import few, many


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was found in a folder."""

    pictures: int  # that could be read
    channels: int  # that they are served with
    smallest: tuple[int, int]  # width and height of the picture with the fewest pixels
    largest: tuple[int, int]
    sizes: int  # different ones
    classes: dict[str, int]  # name -> pictures
    copies: tuple[tuple[str, str], ...]  # (name, earlier name) of files with equal content
    unreadable: tuple[tuple[str, str], ...]  # (name, reason)
    # hidden files, those that are no pictures by their names, devices, links that lead nowhere or
    # into a folder that was seen already
    ignored: int

    def lines(self) -> list[str]:
        """Return a short report, one finding a line."""
        colour = "grey" if self.channels == 1 else "colour"
        found = [f"{many(self.pictures, 'picture')}, {self._extent()}, {colour}"]
        if self.classes:
            low, high = min(self.classes.values()), max(self.classes.values())
            each = f"{low:,}" if low == high else f"{low:,} to {high:,}"
            found.append(f"{len(self.classes):,} classes, {each} each: {few(self.classes, 10)}")
        if self.copies:
            pairs = [f"{name} = {earlier}" for name, earlier in self.copies]
            found.append(f"exact copies of others: {len(pairs):,}: {few(pairs)}")
        if self.unreadable:
            bad = [f"{name} ({reason})" for name, reason in self.unreadable]
            found.append(f"left out, unreadable: {len(bad):,}: {few(bad)}")
        if self.ignored:
            found.append(f"{many(self.ignored, 'other file')} ignored")
        return found

    def _extent(self) -> str:
        low, high = "{}x{}".format(*self.smallest), "{}x{}".format(*self.largest)
        return low if self.sizes == 1 else f"{low} to {high} ({self.sizes:,} sizes)"
