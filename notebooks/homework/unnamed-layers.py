# %% [markdown]
# # Unnamed layers
#
# Somebody hands you an LSTM layer and says only that it drops somewhere. You write the
# *experiment* that finds out where. It is judged on twelve layers that you have never had in
# hand. About 60 minutes. Before: lessons 2 and 3.
#
# `identify(layer)` gives back one of the names of this table. Only `recurrent_dropout` is on;
# nothing drops at the inputs.
#
# | name | what is masked |
# |---|---|
# | `keras` | h on its way into the gates: one mask a sequence for each gate |
# | `gal-tied` | h on its way into the gates: one mask a sequence for all gates |
# | `moon` | the memory c: one mask a sequence |
# | `semeniuta` | the candidate g, before it is added to the memory: a new mask at each step |
# | `zoneout` | the updates of h and c: a unit that is dropped keeps its value of the step before |
# | `weight-drop` | entries of the recurrent kernel: one mask a batch, the same for all its sequences |
#
# What you can do with a layer:
#
# * `layer.features`, `layer.units`
# * `layer.set_weights([kernel, recurrent_kernel, bias])`, shaped as in Keras, gates in the order
#   i f g o
# * `layer(x, [h, c], training=True)`, which gives the last outputs; `x` has the shape
#   (samples, steps, features), with up to 512 samples and 32 steps; up to 60 calls a layer.
#
# 2 points for each method if all of its layers, and no others, get its name. A guess earns nothing.
#
# __FIRST__

# %%
from importlib.util import find_spec

if not find_spec("dropviz"):  # as on Colab
    get_ipython().run_line_magic("pip", "install --quiet git+https://github.com/OWNER/dropviz")
from dropviz import homework

student = "__STUDENT__"
assignment = "unnamed-layers __EDITION__"

# %% [markdown]
# ## The experiment
#
# Choose weights under which a mask at one place shows in the outputs. A gate whose bias is 20 is
# open, one whose bias is -20 is shut. Write it with NumPy: the judge takes out what `identify`
# needs, and has no dropviz.
#
# To try your weights out, `homework.known_layer("moon")` makes you a layer of the method that you
# name, with which you can do the same. (Keep it out of `identify`: the judge has none.)

# %% answer="identify"
import numpy as np

### BEGIN SOLUTION
OPEN, SHUT = 20.0, -20.0
CANDIDATE, OUTPUT = 2, 3


def weights(layer, bias, driven=(), weight=0.0):
    features, units = layer.features, layer.units
    recurrent = np.zeros((units, 4, units))
    for gate in driven:
        recurrent[:, gate] = np.eye(units) * weight
    biases = np.repeat(np.asarray(bias, float)[:, np.newaxis], units, axis=1)
    return [np.zeros((features, 4 * units)), recurrent.reshape(units, -1), biases.ravel()]


def outputs(layer, chosen, h=0.0, c=0.0):
    layer.set_weights(chosen)
    shape = (256, layer.units)
    x = np.zeros((256, 1, layer.features))
    return layer(x, [np.full(shape, h), np.full(shape, c)], training=True)


def near(values, target):
    return np.isclose(values, target, atol=1e-3)


### END SOLUTION
def identify(layer):
    ### BEGIN SOLUTION
    # The memory alone: i shut, f and o open. A kept h shows as .7, a dropped memory as 0.
    memory = outputs(layer, weights(layer, (SHUT, OPEN, 0, OPEN)), h=0.7, c=0.5)
    if near(memory, 0.7).mean() > 0.05:
        return "zoneout"
    if near(memory, 0).mean() > 0.05:
        return "moon"
    # The candidate alone, from its bias.
    candidate = outputs(layer, weights(layer, (OPEN, SHUT, 1.0, OPEN)))
    if near(candidate, 0).mean() > 0.05:
        return "semeniuta"
    # h on its way into the candidate, a unit each: the same for all samples where weights drop.
    dropped = near(
        outputs(layer, weights(layer, (OPEN, SHUT, 0, OPEN), (CANDIDATE,), 0.5), h=1.0), 0
    )
    if (dropped == dropped[0]).all():
        return "weight-drop"
    # h into the candidate and into o at once: four kinds of outputs where gates drop by themselves.
    both = weights(layer, (OPEN, SHUT, 0.5, 0.0), (CANDIDATE, OUTPUT), 1.0)
    kinds = np.unique(np.round(outputs(layer, both, h=1.0), 3))
    return "gal-tied" if len(kinds) == 2 else "keras"
    ### END SOLUTION


# %% [markdown]
# ## Practice
#
# Twelve layers, other ones than the judge's. It gives no points.

# %%
homework.check("unnamed-layers", identify=identify)

# %% [markdown]
# Hand in this notebook. Then shut down its kernel.
