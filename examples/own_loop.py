"""A training is a loop over events: watch it, stop it, go on."""

import sys
from pathlib import Path

import liangyi
from liangyi import Began, Ended, Session, Stepped

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
place = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("runs/own-loop")

run = liangyi.create_run("gan", "ring", out=place, steps=steps, latent=2)
session = Session(run)
for event in session:
    match event:
        case Began(made, total):
            print(f"{made} of {total} steps are made")
        case Stepped(report) if report.step == steps // 2:
            print(report.step, report.read())
            session.stop()  # finishes the step and writes a checkpoint
        case Ended(step, finished):
            print("stopped at", step, "finished" if finished else "to be resumed")

for event in Session(run):  # goes on, bit for bit
    if isinstance(event, Stepped) and event.step % 200 == 0:
        print(event.step, event.report.read())
