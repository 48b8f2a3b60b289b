# %% [markdown]
# # Lesson 2: What is a mask?
#
# That a mask multiplies *h* does not say yet what it does. Four questions tell one method from
# another: how long does a mask *live*, which *samples* share it, which *gates* share it, and how is
# what was kept *scaled*? Here each is answered for Keras by measurement, and in the end for a layer
# of somebody's own.
#
# * **You will** read life, sharing and scaling off masks, and find out by experiment how a layer
#   masks.
# * **Minutes:** 20, of which the machine takes 1.
# * **Know before:** lesson 1: which arrows `dropout` and `recurrent_dropout` act on.
# * **Words:** *x* is the input, *h* the state, *c* the memory, and *g* the *candidate* that could be
#   added to it. A *sample* is one sequence of a batch. A rate is the share that is *dropped*. An
#   *entry* of a mask is one of its numbers. A *site* is a place where a mask can multiply. An *update*
#   is what a step changes in *c* or *h*. *Inference* is prediction with the trained layer.
#
# **Ways to open this lesson**
#
# <!-- doors -->
# 1. [The page without Python](https://owner.github.io/dropviz/playground.html): for a telephone too; its masks are its own.
# 2. [Colab](https://colab.research.google.com/github/OWNER/dropviz/blob/main/notebooks/02-what-is-a-mask.ipynb): a kernel of your own, with an account; for a class of any size.
# 3. [Binder](https://mybinder.org/v2/gh/OWNER/dropviz/main?urlpath=lab/tree/notebooks/02-what-is-a-mask.ipynb): no account; one processor, 2 GB, and not for thirty people at once.
# 4. Local: `git clone https://github.com/OWNER/dropviz && cd dropviz && python -m pip install ".[cpu]" jupyterlab && jupyter lab notebooks/02-what-is-a-mask.ipynb`; on a JupyterHub, [make a link for yours](https://nbgitpuller.readthedocs.io/en/latest/link.html?repo=https%3A%2F%2Fgithub.com%2FOWNER%2Fdropviz&branch=main&urlpath=lab%2Ftree%2Fdropviz%2Fnotebooks%2F02-what-is-a-mask.ipynb).
# <!-- /doors -->

# %%
from importlib.util import find_spec

if not find_spec("dropviz"):  # as on Colab
    get_ipython().run_line_magic("pip", "install --quiet git+https://github.com/OWNER/dropviz")
# %load_ext dropviz
import keras
import numpy as np

import dropviz

# %% [markdown]
# ## Life
#
# A digit is read in eight steps. `recurrent_dropout=0.5` has just dropped a unit of *h* for one gate,
# on its way into the second of them. (You saw in lesson 1 what becomes of it. Answer from memory,
# without looking back.)

# %%
life = dropviz.predict(
    "On its way into the third step of the same digit, this unit is",
    ["dropped again", "drawn anew"],
)

# %%
run = dropviz.run(task="digits", dropout=0.5, recurrent_dropout=0.5, units=32, epochs=2, seed=7)
masks = run.recording["lstm"]["recurrent"]
display(run.figure("where"))
life.against("dropped again" if masks.same_over_steps else "drawn anew")

# %% [markdown]
# One letter along all horizontal arrows: a mask of Keras **lives for a sequence**. What else could
# it do? The method called `naive` has the same rates at the same places, and draws a new mask at
# each step. (It also has one mask for all gates. What that changes comes further down.)

# %%
whole = dropviz.predict(
    "With a new mask at each of 8 steps: which share of the units comes through all of them "
    "undropped?",
    ["about 1 in 2", "about 1 in 16", "about 1 in 256"],
)

# %%
naive = dropviz.run(
    task="digits", method="naive", dropout=0.5, recurrent_dropout=0.5, units=32, epochs=2, seed=7
)


def undropped(masks):
    """The share of units, over samples and gates, that no step of a sequence drops."""
    return float((masks.of_batch() > 0).all(axis=0).mean())


share = undropped(naive.recording["lstm"]["recurrent"])
print(f"lives for a sequence: {undropped(masks):.3f}")
print(f"lives for a step:     {share:.4f}, which is 1 in {1 / share:.0f}")
display(naive.figure("where"))
nearest = min([2, 16, 256], key=lambda each: abs(np.log(share * each)))
whole.against(f"about 1 in {nearest}")

# %% [markdown]
# A new letter at each step. With one mask a sequence, a gate sees about half of the units at every
# step and the others at none. With a new mask at each step, hardly any unit is seen at all eight.
# Only what the gates *see* of *h* is masked; the memory *c* is not multiplied (lesson 3).
#
# So a rate must fall with length where masks live for a step? That was not measured here. A mask of
# Keras's is drawn once for all the steps of a sequence, however many there are: its share dropped is
# the same at every length.
#
# ## Samples

# %%
samples = dropviz.predict(
    "Two sequences of one batch, in Keras: the unit that is dropped for one is",
    ["dropped for the other too", "drawn separately for the other"],
)

# %%
print("one mask for all samples of a batch:", masks.same_over_samples)
print("one mask for all batches:           ", masks.same_over_batches)
print("two samples, one gate, eight units; True where kept:")
print(masks.of_batch()[0, 0, :2, :8] > 0)
samples.against(
    "dropped for the other too" if masks.same_over_samples else "drawn separately for the other"
)

# %% [markdown]
# So a mask is drawn for each sample, in each batch. (Not all methods do so: see the exercises.)
#
# ## Gates: tied and untied
#
# In this run each of the four gates has a mask of its own, which is called *untied*. With one mask
# for all gates, *tied*, a unit is either seen by all gates or by none. (`gal-tied` and `gal-untied`
# are dropviz's names of Gal & Ghahramani's method with tied masks and with untied ones.)

# %%
gates = dropviz.predict(
    "Rate 0.5, a mask for each of four gates: which share of the units does no gate see?",
    ["about 1 in 2", "about 1 in 4", "about 1 in 16"],
)

# %%
tied = dropviz.run(
    task="digits", method="gal-tied", recurrent_dropout=0.5, units=32, epochs=2, seed=7
)


def unseen(masks):
    """The share of units, over samples, that is dropped for every gate."""
    return float((masks.of_batch()[0] == 0).all(axis=0).mean())


share = unseen(masks)
print(f"tied:   {unseen(tied.recording['lstm']['recurrent']):.3f} of the units are unseen")
print(f"untied: {share:.3f}, which is 1 in {1 / share:.0f}")
nearest = min([2, 4, 16], key=lambda each: abs(np.log(share * each)))
gates.against(f"about 1 in {nearest}")

# %% [markdown]
# At one and the same rate, tied masks hide a unit far more often than untied ones. A rate alone does
# not say how much is hidden. Which of the two trains better was not measured here.
#
# ## Scaling

# %%
scale = dropviz.predict(
    "At a rate of 0.4 the units that are kept in training are multiplied by",
    ["0.6", "1", "1.67"],
)
later = dropviz.predict(
    "And when the layer predicts, with nothing dropped, all units are multiplied by",
    ["0.6", "1", "1.67"],
)

# %%
layer = keras.layers.LSTM(16, dropout=0.4, recurrent_dropout=0.4)
verdict = dropviz.explain(layer)
seen = verdict.sites["recurrent"]
print("the masks recorded above, at a rate of 0.5: kept entries are", masks.scale)
print(f"mean of all their entries, dropped ones too: {masks.of_batch().mean():.2f}")
print("from outside, at a rate of 0.4:", seen.scaled)
display(scale.against(f"{seen.kept:.3g}"), later.against(f"{seen.at_inference:.1g}"))

# %% [markdown]
# What is kept is multiplied by `1/(1-p)`, so that the mean of a mask stays about 1, and nothing is
# multiplied at prediction. (The mean input of a gate is right then; its mean output is not quite:
# lesson 5.) That is called **inverted** scaling. Others keep 1 in training and multiply by `1-p` at
# prediction, which is called *test-time* scaling; the next lesson shows what becomes of a memory
# under it.
#
# ## An experiment
#
# The line "from outside" above did not come from a recording. `dropviz.explain` reads neither code
# nor arguments: it gives a layer weights and inputs of its own choosing, looks at what comes out, and
# puts everything back. So it can be asked about any layer that computes the steps of an LSTM or a GRU,
# whoever wrote it; and it looks at every place where a mask could be.
#
# The next one is a plain Keras LSTM. (`%lstm_explain` without a name asks about such a one too.) The
# experiment is not told its rates.

# %%
near = dropviz.predict(
    "recurrent_dropout=0.5: how near to 0.5 will the rate be that the experiment finds from outside?",
    ["exactly 0.5", "within 0.03", "further off"],
)

# %%
plain = keras.layers.LSTM(16, dropout=0.5, recurrent_dropout=0.5, seed=1, name="lstm")
rate = dropviz.explain(plain).sites["recurrent"].rate
# %lstm_explain plain
off = abs(rate - 0.5)
found_near = "exactly 0.5" if off < 0.0005 else "within 0.03" if off <= 0.03 else "further off"
near.against(f"{found_near} ({rate:.3f})")

# %% [markdown]
# That is the answer for the Keras that is installed, in one report: the question of lesson 1, found
# once more from outside. In the middle stands the inside of a cell under three methods; lesson 3 is
# about them. The experiment sees some entries and not all, so it gives a range with each rate, made so
# that the true rate lies outside of it in one of ten thousand experiments; the picture calls that its
# *confidence*. *Path* says how Keras took the steps: one after another, calling the LSTM's cell at
# each, or all in one operation, as it may on a graphics card.
#
# Now a layer as a student might write it. It drops units of *h*:


# %%
class MyCell(keras.layers.LSTMCell):
    def __init__(self, units, rate, **kwargs):
        super().__init__(units, **kwargs)
        self.rate = rate
        self.stream = keras.random.SeedGenerator(1)

    def call(self, inputs, states, training=False):
        h, c = states
        if training:
            h = keras.random.dropout(h, self.rate, seed=self.stream)
        return super().call(inputs, [h, c], training=training)


mine = keras.layers.RNN(MyCell(16, 0.4), name="mine")
lives = dropviz.predict("A mask of this layer lives for one", ["step", "sequence"])

# %%
found = dropviz.explain(mine)
display(found)
lives.against(found.sites["recurrent"].life)

# %% [markdown]
# `call` runs at each step, so a mask that is drawn inside it lives for a step. If its author wanted
# one mask a sequence, nothing in the training would have told them.
#
# Nor does the name of an argument tell a method. `dropout` of PyTorch's
# [`nn.LSTM`](https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html) masks what goes from one
# stacked layer to the next, and nothing where there is one layer alone; what sockeye, a program that
# translates, calls recurrent dropout [masks *g*](https://github.com/awslabs/sockeye/issues/334). (So
# their makers say; neither was measured here.)
#
# ## For you to try
#
# **Drop the memory.** Let `MyCell` mask `states[1]`, the memory, in place of `h`. What will the
# verdict be?
#
# <details><summary>Answer</summary>
#
# That it follows no known method, and that Moon's, of lesson 3, is the nearest: the mask multiplies
# what the cell carries from step to step, *in place*, so that what is dropped is gone. It is drawn
# anew at each step, and what is kept is multiplied by `1/(1-p)` each time:
#
# ```python
# class Memory(MyCell):
#     def call(self, inputs, states, training=False):
#         h, c = states
#         if training:
#             c = keras.random.dropout(c, self.rate, seed=self.stream)
#         return keras.layers.LSTMCell.call(self, inputs, [h, c], training=training)
#
#
# print(dropviz.explain(keras.layers.RNN(Memory(16, 0.4), name="memory")))
# ```
#
# </details>
# <br>
#
# **One mask for all samples.** The method `weight-drop` drops entries of the weights *U*, which *h* is
# multiplied with, in place of units of *h*. Which samples share its masks?
#
# <details><summary>Answer</summary>
#
# All samples of a batch: there is only one *U* for all of them.
#
# ```python
# dropping = dropviz.LSTM(16, method="weight-drop", recurrent_dropout=0.5)
# print(dropviz.explain(dropping).sites["recurrent_kernel"].same_over_samples)
# ```
#
# </details>
# <br>
#
# **One rate, two strengths.** Which share of the inputs does no gate see with `dropout=0.5`, with
# `recurrent_dropout=0` and with `recurrent_dropout=0.5`?
#
# <details><summary>Answer</summary>
#
# With `recurrent_dropout=0` the masks of the inputs are tied, and the share is the rate. With
# `recurrent_dropout=0.5` they are untied, and only what all four masks drop is unseen:
#
# ```python
# lone = dropviz.run(task="digits", dropout=0.5, units=32, epochs=2, seed=7)
# print(f"{unseen(lone.recording['lstm']['input']):.3f}")
# print(f"{unseen(run.recording['lstm']['input']):.3f}")
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

    asked = [life, whole, samples, gates, scale, later, near, lives]
    print(homework.chat_line(student, dict(each.pair for each in asked if each.answer)))

# %% [markdown]
# **Shut down this kernel** (*Kernel*, *Shut Down Kernel*): Binder has memory for three kernels;
# opening a fourth gets one of them killed. Next:
# [three ways to drop memory](03-three-ways-to-drop-memory.ipynb)
