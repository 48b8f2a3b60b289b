"""Where Keras traces a model for a file that is to be served.

``Model.export`` (keras/src/models/model.py) and ``ExportArchive`` (keras/src/export/saved_model.py)
trace its calls, and write into the file whatever those have captured. Tried with Keras 3.8.0 and
3.15.1.
"""

from __future__ import annotations

import keras

from dropviz.keras_inside.hooks import home_of

# Class and method of each.
EXPORTS = tuple(
    (home_of(owner, method), method)
    for owner, method in (
        (keras.Model, "export"),
        (keras.export.ExportArchive, "add_endpoint"),
        (keras.export.ExportArchive, "write_out"),
    )
)
