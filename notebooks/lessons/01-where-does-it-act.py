# %% [markdown]
# # Lesson 1: Where does it act?
#
# You write
#
# ```python
# keras.layers.LSTM(32, dropout=0.2, recurrent_dropout=0.5)
# ```
#
# and ask: where on the picture of an LSTM does each of the two act? The two best-known answers on
# the web contradict each other. One says that Keras follows
# [Gal & Ghahramani](https://arxiv.org/abs/1512.05287), who mask what flows *into* the cell. The
# other says that it follows [Semeniuta et al.](https://arxiv.org/abs/1603.05118), who mask only
# what is *added to the memory* inside it. Here we take nobody's word for it: we train a real Keras
# LSTM, write down every mask that it multiplies with, and look.
#
# * **You will** point at the arrows where each argument acts, read masks off a picture, and record
#   a training of your own.
# * **Minutes:** 20, of which the machine takes 1.
# * **Know before:** that an LSTM reads a sequence step by step, and how to train a Keras model.
# * **Words:** at each step an LSTM reads an input *x_t*. From step to step it carries a state *h*
#   and a memory *c*. A *candidate* *g* is what could be added to *c*. Three *gates* say how much: *i*
#   how much of *g* is added to *c*, *f* how much of *c* is kept, and *o* how much of *c* is shown. In
#   Keras, and here, all four of *i*, *f*, *g* and *o* are called gates. A *mask* is an array that
#   something is multiplied with: 0 where it is *dropped*. A *sample* is one sequence of a batch.
#
# **Ways to open this lesson**
#
# <!-- doors -->
# 1. [The page without Python](https://owner.github.io/dropviz/playground.html): for a telephone too; its masks are its own.
# 2. [Colab](https://colab.research.google.com/github/OWNER/dropviz/blob/main/notebooks/01-where-does-it-act.ipynb): a kernel of your own, with an account; for a class of any size.
# 3. [Binder](https://mybinder.org/v2/gh/OWNER/dropviz/main?urlpath=lab/tree/notebooks/01-where-does-it-act.ipynb): no account; one processor, 2 GB, and not for thirty people at once.
# 4. Local: `git clone https://github.com/OWNER/dropviz && cd dropviz && python -m pip install ".[cpu]" jupyterlab && jupyter lab notebooks/01-where-does-it-act.ipynb`; on a JupyterHub, [make a link for yours](https://nbgitpuller.readthedocs.io/en/latest/link.html?repo=https%3A%2F%2Fgithub.com%2FOWNER%2Fdropviz&branch=main&urlpath=lab%2Ftree%2Fdropviz%2Fnotebooks%2F01-where-does-it-act.ipynb).
# <!-- /doors -->

# %%
from importlib.util import find_spec

if not find_spec("dropviz"):  # as on Colab
    get_ipython().run_line_magic("pip", "install --quiet git+https://github.com/OWNER/dropviz")
# %load_ext dropviz
import dropviz

# %% [markdown]
# ## Where
#
# Before each result you are asked what you expect. Run the cell with the question, then click on a
# choice. Where there is nothing to click on, add `answer="..."` to the call of `dropviz.predict`,
# after the choices, and run the cell again. Your choice is kept with the time, and set beside what
# was measured. Nothing waits for it, and nobody grades it.
#
# An LSTM is usually drawn once for each time step, side by side: *x* comes in from below, along a
# vertical arrow, and *h* from the step before, along a horizontal one. The data are handwritten
# digits, which the LSTM reads row by row, from top to bottom: eight rows, so eight steps. An LSTM has
# four gates, and each of them takes *x* and *h*.

# %%
places = {
    "input": "x_t, the vertical arrows",
    "recurrent": "h_(t-1), the horizontal arrows",
    "candidate": "g_t, what is added to the memory",
    "cell": "c_t, the memory",
}
first = dropviz.predict("dropout=0.2: what is multiplied by its masks?", places.values())
second = dropviz.predict("recurrent_dropout=0.5: and by its masks?", places.values())
many = dropviz.predict(
    "How many masks does recurrent_dropout draw for one digit, counting one for each gate that has "
    "its own?",
    [1, 4, 8, 32],
)

# %% [markdown]
# Now train, and draw what was recorded.

# %%
run = dropviz.run(task="digits", dropout=0.2, recurrent_dropout=0.5, units=32, epochs=5, seed=7)
lstm = run.recording["lstm"]
acts = {masks.rate: places[site] for site, masks in lstm.items()}
display(run.figure("where"))
display(first.against(acts[0.2]), second.against(acts[0.5]))

# %% [markdown]
# **How to read it.** Each box is the same LSTM, a time step further to the right. An arrow through
# which masks passed wears a letter, and a column for each gate: the same letter stands for the same
# masks of all gates. An arrow without a mask is grey and dashed.
#
# * `dropout` is on the **vertical** arrows, which bring *x_t* in from below.
# * `recurrent_dropout` is on the **horizontal** arrows, which bring *h_(t-1)* from the step before.
# * The letter stays the same from the first step to the last: **nothing is drawn anew between the
#   steps**.
# * The memory *c*, and the output on its way up, are grey: no mask was drawn for them.
#
# ## Is that all that acts?
#
# A mask that was drawn need not be a mask that was used, and something inside the cell could have
# been missed. So after the training dropviz runs the Keras layer once more, on random numbers, and
# records that pass too. An LSTM in plain NumPy gets the same numbers, the layer's weights, these
# masks and *nothing else*, and its outputs are compared with those of the layer.

# %%
proof = dropviz.predict(
    "Plain NumPy with these masks alone: how far from Keras's own outputs will it be?",
    ["less than 0.00001: rounding", "visibly: some mask is missing"],
)

# %%
print(run.proof["lstm"].sentence)
small = run.proof["lstm"].error < 0.00001
proof.against("less than 0.00001: rounding" if small else "visibly: some mask is missing")

# %% [markdown]
# *Its outputs* are those of the Keras layer. The sequences are as many as the last batch of the
# training had. Nothing is missing: with masks on *x* and *h* alone, and none on the candidate *g* or
# the memory *c*, every output of these sequences comes out as Keras has it. Of the two answers, the
# one that points to Gal & Ghahramani is right about *where*: *x* and *h* on their way in. (They also
# mask the layer's output, and drop whole words of a text. Keras's LSTM does neither.)
#
# ## How many masks?
#
# That was your third prediction. Here are the masks of `recurrent_dropout` for one digit:

# %%
import numpy as np


def masks_of_one(masks):
    """The masks of the first sequence of the last batch, each once, the gates in their order."""
    of_one = masks.of_batch()[:, :, 0]  # steps, gates, units; steps is 1 where all share a mask
    flat = of_one.reshape(-1, of_one.shape[-1])
    _, first_at = np.unique(flat, axis=0, return_index=True)
    return flat[np.sort(first_at)]


print(masks_of_one(lstm["recurrent"])[:, :10], "... the first ten of", lstm["recurrent"].shape[-1])
display(run.figure("masks"))
many.against(len(masks_of_one(lstm["recurrent"])))

# %% [markdown]
# One for each gate, and all steps share them. Above the picture stand the numbers that the layer
# really multiplied with, a row for each gate: 0 for a dropped unit, and 2 for a kept one (the next
# lesson says why). In the picture, each block is a gate, in the same order; a row is a sequence of
# the batch, a column a unit (of *x*, an input). The rows differ: each sequence has masks of its own.
#
# Masks that are one for each gate are called **untied**, and one mask for all gates is called
# **tied**.
#
# ## One argument alone

# %%
alone = dropviz.predict(
    "Now dropout=0.2, and recurrent_dropout=0: how many masks does dropout draw for one digit?",
    [1, 4, 8, 32],
)

# %%
without = dropviz.run(task="digits", dropout=0.2, recurrent_dropout=0, units=32, epochs=2, seed=7)
print("with recurrent_dropout=0.5:", len(masks_of_one(lstm["input"])))
print("with recurrent_dropout=0:  ", len(masks_of_one(without.recording["lstm"]["input"])))
display(without.figure("where"))
alone.against(len(masks_of_one(without.recording["lstm"]["input"])))

# %% [markdown]
# Raising `recurrent_dropout` above 0 changes what `dropout` does: its masks become untied. So whoever
# has a `dropout` above 0, and compares a training with `recurrent_dropout=0` to one with
# `recurrent_dropout=0.5`, compares two things at once.
#
# ## Your own model
#
# On top of a cell of your own, `%%lstm_dropout` runs the cell as it is and records every recurrent
# layer that trains in it. Does watching change anything?

# %%
same = dropviz.predict(
    "Trained twice from the same beginning (one seed), once with the first line of the next cell and "
    "once without it: the weights will be",
    ["the same to the last bit", "the same up to rounding", "different"],
)

# %%
# %%lstm_dropout
import keras
from sklearn.datasets import load_digits

digits = load_digits()
x, y = digits.images / 16, digits.target


def train():
    keras.utils.set_random_seed(7)
    lstm = keras.layers.LSTM(16, dropout=0.2, recurrent_dropout=0.2)
    model = keras.Sequential([lstm, keras.layers.Dense(10, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(x, y, validation_split=0.2, batch_size=64, epochs=3, verbose=0)
    return model.get_weights()


watched = train()

# %% [markdown]
# That is the whole report: words, the loss over the epochs, where dropout acted, and the masks.
# (*Proved* is what you did above: *its outputs* are the layer's.) After you have run the cell, tap or
# point at an arrow, or move along the arrows with the keys: its mask stands below in numbers. Now the
# same without being watched:

# %%
unwatched = train()
apart = max(abs(a - b).max() for a, b in zip(watched, unwatched, strict=True))
print("largest difference of two weights:", apart)
same.against(
    "the same to the last bit"
    if apart == 0
    else "the same up to rounding"
    if apart < 0.0001
    else "different"
)

# %% [markdown]
# ## For you to try
#
# **Sequences of one step.** Give the layer each digit as a single step of all its pixels. What can
# `recurrent_dropout` do there?
#
# <details><summary>Answer</summary>
#
# Nothing: before the first step the state *h* is all zeros, and a mask times zeros is zeros. Masks
# are drawn all the same, and the outputs with and without them are equal:
#
# ```python
# layer = keras.layers.LSTM(16, recurrent_dropout=0.5)
# one_step = (digits.images[:50] / 16).reshape(-1, 1, 64)
# print(abs(np.asarray(layer(one_step, training=True)) - np.asarray(layer(one_step))).max())
# ```
#
# </details>
# <br>
#
# **A layer in between.** A `Dropout` layer between two LSTMs drops what the second one reads, and so
# does `dropout` of the second. Are they the same?
#
# <details><summary>Answer</summary>
#
# No: the layer draws a mask for each step, the argument one for all steps of a sequence:
#
# ```python
# first = keras.layers.LSTM(16, return_sequences=True)
# second = keras.layers.LSTM(16, dropout=0.5)
# stack = keras.Sequential([first, keras.layers.Dropout(0.5), second, keras.layers.Dense(1)])
# stack.compile("adam", "mse")
# with dropviz.record(stack) as recording:
#     stack.fit(x[:64], y[:64], verbose=0)
# for name, layer in recording.items():
#     for place, masks in layer.items():
#         if masks.rate > 0:
#             print(f"{name}, {place}: one mask for all steps: {masks.same_over_steps}")
# ```
#
# </details>
# <br>
#
# **Another layer.** Replace `LSTM` by `GRU` in the cell with `%%lstm_dropout`. How many masks does
# `recurrent_dropout` draw for one digit then?
#
# <details><summary>Answer</summary>
#
# One for each gate again, of which a GRU has three. (It has no memory *c* beside its state.)
#
# ```python
# gru = keras.Sequential([keras.layers.GRU(16, recurrent_dropout=0.2), keras.layers.Dense(1)])
# gru.compile("adam", "mse")
# with dropviz.record(gru) as recording:
#     gru.fit(x[:64], y[:64], verbose=0)
# print(len(masks_of_one(next(iter(recording.values()))["recurrent"])))
# ```
#
# </details>
# <br>
#
# ## Before you go on
#
# In a workshop, put your id into the next cell, run it, and paste the line that it prints into the
# chat: it carries what you predicted.

# %%
student = None  # your id, in quotes
if student:
    from dropviz import homework

    asked = [first, second, many, proof, alone, same]
    print(homework.chat_line(student, dict(each.pair for each in asked if each.answer)))

# %% [markdown]
# **Shut down this kernel** (*Kernel*, *Shut Down Kernel*): Binder has memory for three kernels;
# opening a fourth gets one of them killed. Next: [what is a mask?](02-what-is-a-mask.ipynb)
