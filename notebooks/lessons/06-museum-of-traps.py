# %% [markdown]
# # Lesson 6: The museum of traps
#
# Some behaviours of Keras around dropout surprise many people. Each exhibit here runs real Keras
# layers, on your machine, with the Keras that is installed, and says whether it holds there. You
# predict first. In the end you measure what dropout costs in time.
#
# * **You will** meet five traps one by one and the others together, and know what to write in place
#   of each.
# * **Minutes:** 20, of which the machine takes 1.
# * **Know before:** lessons 1 and 2: where a mask acts, tied and untied masks.
# * **Words:** a *sample* is one sequence of a batch. A *site* is a place where a mask can multiply.
#   *Inference* is prediction, where nothing is dropped. Run *eagerly*, a training goes line by line; in
#   a *graph* it is written down first, and `jit_compile=True` has *XLA* translate it into one program.
#   A *backend* is what calculates for Keras: TensorFlow, JAX or PyTorch. A layer is *stateful* where a
#   batch begins with the state that the one before left. *cuDNN* is a library of NVIDIA's that runs
#   a whole LSTM at once on a graphics card; it knows no recurrent dropout. A *seed* is the number
#   out of which random numbers come. *Monte Carlo dropout* predicts many times with the masks on; a
#   *standard error* is about how far the mean of so many lies, by chance, from that of endlessly many.
#
# **Ways to open this lesson**
#
# <!-- doors -->
# 1. [The page without Python](https://owner.github.io/dropviz/playground.html): for a telephone too; its masks are its own.
# 2. [Colab](https://colab.research.google.com/github/OWNER/dropviz/blob/main/notebooks/06-museum-of-traps.ipynb): a kernel of your own, with an account; for a class of any size.
# 3. [Binder](https://mybinder.org/v2/gh/OWNER/dropviz/main?urlpath=lab/tree/notebooks/06-museum-of-traps.ipynb): no account; one processor, 2 GB, and not for thirty people at once.
# 4. Local: `git clone https://github.com/OWNER/dropviz && cd dropviz && python -m pip install ".[cpu]" jupyterlab && jupyter lab notebooks/06-museum-of-traps.ipynb`; on a JupyterHub, [make a link for yours](https://nbgitpuller.readthedocs.io/en/latest/link.html?repo=https%3A%2F%2Fgithub.com%2FOWNER%2Fdropviz&branch=main&urlpath=lab%2Ftree%2Fdropviz%2Fnotebooks%2F06-museum-of-traps.ipynb).
# <!-- /doors -->

# %%
from importlib.util import find_spec

if not find_spec("dropviz"):  # as on Colab
    get_ipython().run_line_magic("pip", "install --quiet git+https://github.com/OWNER/dropviz")
# %load_ext dropviz
import time

import keras
import numpy as np

import dropviz

# %% [markdown]
# ## A rate of one

# %%
one = dropviz.predict(
    "LSTM(dropout=1.0), in training: of its inputs it drops",
    ["all of them", "none of them", "none: Keras refuses the rate"],
)

# %%
trap = dropviz.traps("rate-one")[0]
display(trap)
apart = trap.evidence["LSTM"]  # in training from inference; in words where there was an error
one.against(
    "none: Keras refuses the rate"
    if isinstance(apart, str)
    else "none of them"
    if apart == 0
    else "all of them"
)

# %% [markdown]
# If the outputs in training equal those at inference, nothing was dropped; if all inputs had been
# dropped, they would equal the outputs for zeros. (*Why*, above, says where a layer goes another way
# and drops all; with TensorFlow that is on a graphics card, and was not measured here.) So a search
# over rates that goes up to `1.0` ends in a net without dropout, in one that sees no input, or, where
# Keras refuses the rate, in an error.
#
# ## What comes out of the layer

# %%
out = dropviz.predict(
    "LSTM(dropout=0.5, recurrent_dropout=0.5), in training: which share of its outputs is 0?",
    ["none", "a quarter", "half"],
)

# %%
trap = dropviz.traps("output-not-masked")[0]
display(trap)
share = trap.evidence["zeros"]
out.against("none" if share < 0.1 else "a quarter" if share < 0.4 else "half")

# %% [markdown]
# Both arguments act on what goes *into* the gates. The layer's output is not masked; to drop there
# too, put a `Dropout` layer after it.
#
# ## Looking between two epochs

# %%
looked = dropviz.predict(
    "One seed; a training with model.evaluate between its two epochs, and one without. The weights "
    "at the end are",
    ["the same", "different"],
)

# %%
trap = dropviz.traps("masks-at-inference")[0]
display(trap)
looked.against("different" if trap.evidence["evaluate"] else "the same")

# %% [markdown]
# The layer draws masks at inference too, does not use them, and is further along in its random
# numbers afterwards. So a seed alone does not make two trainings comparable: they must be looked at
# in the same way. (What dropviz itself looks at is put back each time: you measured that in lesson
# 1.)
#
# ## Both directions

# %%
both = dropviz.predict(
    "Bidirectional(LSTM(dropout=0.5, seed=4)): the masks of its two directions are",
    ["the same", "drawn separately"],
)

# %%
trap = dropviz.traps("bidirectional-seed")[0]
display(trap)
both.against("the same" if trap.evidence["one seed"] == 1 else "drawn separately")

# %% [markdown]
# A seed that is given is copied into both directions. A backward layer with a seed of its own has masks
# of its own.
#
# ## A loop of your own

# %%
loop = dropviz.predict(
    "An LSTMCell with dropout in a loop of your own, over six batches: how many masks does it use?",
    [1, 6],
)

# %%
trap = dropviz.traps("cell-by-hand")[0]
display(trap)
loop.against(int(trap.evidence["masks"]))

# %% [markdown]
# A cell keeps its mask until somebody calls `reset_dropout_mask`. `keras.layers.LSTM` does so after
# each batch; in a loop of your own it is yours to do.
#
# ## All of them

# %%
hold = dropviz.predict(
    "Of all the exhibits, how many hold with the Keras that is installed?",
    ["fewer than half", "most of them", "all of them"],
)

# %%
museum = dropviz.traps()
display(museum)
hold.against(f"{sum(trap.holds is True for trap in museum)} of {len(museum)}")

# %% [markdown]
# The first line says which of these do not hold here. Each exhibit ends with what to do.
# `%lstm_traps` shows this list in any notebook.
#
# ## What it costs
#
# A training of an LSTM without dropout, with each of the two arguments, and with both. Each is timed
# several times in turn, and the middle one counts: single times scatter.

# %%
cost = dropviz.predict(
    "An epoch with both rates above 0, compared with none: how many times as long?",
    ["about as long", "up to twice", "more than twice"],
)

# %%
rng = np.random.default_rng(0)
x, y = rng.normal(size=(512, 28, 28)), rng.integers(0, 10, 512)


def compiled(**rates):
    layers = [keras.Input((28, 28)), keras.layers.LSTM(64, **rates), keras.layers.Dense(10)]
    model = keras.Sequential(layers)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, batch_size=64, verbose=0)  # the first epoch prepares the program
    return model


def seconds(model):
    began = time.perf_counter()
    model.fit(x, y, batch_size=64, verbose=0)
    return time.perf_counter() - began


models = {
    "none": compiled(),
    "dropout": compiled(dropout=0.3),
    "recurrent_dropout": compiled(recurrent_dropout=0.3),
    "both": compiled(dropout=0.3, recurrent_dropout=0.3),
}
rounds = [{name: seconds(model) for name, model in models.items()} for _ in range(7)]
times = {name: [each[name] / each["none"] for each in rounds] for name in models}
print("times as long as none (shortest to longest)")
for name, ratios in times.items():
    middle, least, most = np.median(ratios), min(ratios), max(ratios)
    print(f"{name:18}{middle:5.2f} ({least:.2f} to {most:.2f})")
cost.against(f"{np.median(times['both']):.2f} times as long")

# %% [markdown]
# In brackets stand the shortest and the longest of seven rounds. Chance alone moves a number that far
# on this machine, so a smaller difference between two lines says nothing. On a graphics card the cost
# has a cause of its own: where `recurrent_dropout` is set, Keras cannot use cuDNN (this is from its
# code, and was not measured here).
#
# ## For you to try
#
# **One that does not show.** Look at `bidirectional-use-cudnn`, above: a `Bidirectional` makes its two
# layers from `get_config()`, in which `use_cudnn` does not stand. In an older Keras both of them
# therefore forget it. In a newer Keras they keep it, though `get_config()` of an `LSTM` leaves it out
# still. Which lines of `Bidirectional` see to that?
#
# <details><summary>Answer</summary>
#
# Those that carry it over once the layers are made. Where none is printed, the trap shows:
#
# ```python
# import inspect
#
# source = inspect.getsource(keras.layers.Bidirectional.__init__)
# print([line.strip() for line in source.splitlines() if "use_cudnn" in line])
# ```
#
# </details>
# <br>
#
# **Mended.** `Bidirectional(LSTM(..., seed=4), backward_layer=LSTM(..., seed=4004, go_backwards=True))`
# gives each direction masks of its own (so far apart, because PyTorch shares those of neighbouring
# seeds). At a rate of `0.2`, which share of their entries will still be
# the same?
#
# <details><summary>Answer</summary>
#
# As many as chance gives: both keep a unit in `0.8 * 0.8` of the cases and drop it in `0.2 * 0.2`,
# together `0.68`. At a rate of one half it would be one half.
#
# ```python
# backward = keras.layers.LSTM(16, dropout=0.2, seed=4004, go_backwards=True)
# forward = keras.layers.LSTM(16, dropout=0.2, seed=4)
# mended = keras.layers.Bidirectional(forward, backward_layer=backward)
# model = keras.Sequential([mended, keras.layers.Dense(1)])
# model.compile("adam", "mse")
# with dropviz.record(model) as recording:
#     model.fit(x, y, batch_size=64, verbose=0)
# one, other = (layer["input"].of_batch() > 0 for layer in recording.values())
# print(f"the same: {(one == other).mean():.2f}")
# ```
#
# </details>
# <br>
#
# **A trap of your own.** Which of your own trainings, so far, has one of these in it?
#
# <details><summary>Answer</summary>
#
# Put `%%lstm_dropout` on top of its cell, or `with dropviz.record(model):` around its `fit`, and
# read what was recorded.
#
# </details>
# <br>
#
# ## At the end
#
# In a workshop, put your id into the next cell, run it, and paste the line that it prints into the
# chat: it carries what you predicted.

# %%
student = None  # your id, in quotes
if student:
    from dropviz import homework

    asked = [one, out, looked, both, loop, hold, cost]
    print(homework.chat_line(student, dict(each.pair for each in asked if each.answer)))

# %% [markdown]
# **Shut down this kernel** (*Kernel*, *Shut Down Kernel*). That was the last lesson; from here on,
# `%lstm_lab` opens sliders that act on an LSTM while it trains.
