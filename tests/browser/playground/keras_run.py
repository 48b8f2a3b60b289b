"""Makes the Keras run that the page replays: ``python -m tests.browser.playground.keras_run``.

Writes ``dropviz/browser/playground/keras_run.json`` from a training by ``dropviz.run``; a test
makes it again and compares, so that what the page calls used by Keras was used by Keras.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import dropviz
from dropviz.browser.tables import tables
from dropviz.core.layer_recording import LayerRecording

PATH = Path(dropviz.__file__).parent / "browser" / "playground" / "keras_run.json"
SAMPLES = 16  # of a batch
EPOCHS = 3
CURVES = ("loss", "loss_dropout_on", "loss_dropout_off", "val_loss", "val_accuracy")


def make() -> dict[str, Any]:
    """Trains, and takes what the page shows."""
    run = dropviz.run(dropout=0.2, recurrent_dropout=0.2, units=16, epochs=EPOCHS, seed=7)
    assert run.spec is not None
    layer = run.recording["lstm"]
    rules = {rule.site: rule for rule in run.spec.setting.rules}
    batches = layer.batches
    return {
        # Whole: no setting of the page may stand beside it.
        "spec": {name: getattr(run.spec, name) for name in tables()["defaults"]},
        "made": f"Keras {keras.__version__}, TensorFlow {tf.__version__}",
        "batches": batches,
        "perEpoch": batches // EPOCHS,
        "steps": next(iter(layer.values())).time_steps,
        "samples": list(next(iter(layer.values())).batch_sizes),
        "sites": [
            {
                "site": site,
                "rule": asdict(rules[site]),
                **_shape(masks.of_batch(0)),
                "scale": masks.scale,
                "dropped": [
                    round(float((masks.of_batch(at) == 0).mean()), 4) for at in range(batches)
                ],
                "shared": {
                    axis: getattr(masks, f"same_over_{axis}")
                    for axis in ("steps", "gates", "samples", "batches")
                },
            }
            for site, masks in layer.items()
        ],
        "bits": base64.b64encode(np.packbits(bits(layer)).tobytes()).decode("ascii"),
        "curves": {name: [round(value, 6) for value in run.curves[name]] for name in CURVES},
    }


def _shape(values: Any) -> dict[str, int]:
    steps, gates, samples, units = values.shape
    return {"steps": steps, "gates": gates, "samples": min(samples, SAMPLES), "units": units}


def bits(layer: LayerRecording) -> Any:
    """Which entries were kept, batch by batch and site by site."""
    return np.concatenate(
        [
            (masks.of_batch(batch)[:, :, :SAMPLES] > 0).ravel()
            for batch in range(layer.batches)
            for masks in layer.values()
        ]
    )


if __name__ == "__main__":
    PATH.write_text(json.dumps(make(), indent=1) + "\n", encoding="utf-8")
