# %% [markdown]
# # Lesson 5: Dropout as doubt
#
# A net that predicts 0.3 does not say how sure it is.
# [Gal & Ghahramani](https://arxiv.org/abs/1506.02142) proposed to ask it many times with dropout *on*:
# each time other units are missing, and where the answers scatter, the net is in doubt. That is called
# Monte Carlo dropout. Here you ask, look at the scatter, and measure whether it tells how large the
# error is.
#
# * **You will** predict with masks on, read a fan of predictions, measure how often the truth lies
#   within it, and find out where to trust it.
# * **Minutes:** 20, of which the machine takes 2.
# * **Know before:** lesson 2: what a mask does in training and at prediction.
# * **Words:** a *sample* is one sequence, here a wave. A *pass* is one prediction of all samples with
#   masks drawn anew. The *spread* is how far the passes of a sample scatter: their standard
#   deviation. A *band* of nine tenths is where nine of ten further passes would lie: it leaves out
#   about the lowest and the highest twentieth.
#
# **Ways to open this lesson**
#
# <!-- doors -->
# 1. [The page without Python](https://owner.github.io/dropviz/playground.html): for a telephone too; its masks are its own.
# 2. [Colab](https://colab.research.google.com/github/OWNER/dropviz/blob/main/notebooks/05-dropout-as-doubt.ipynb): a kernel of your own, with an account; for a class of any size.
# 3. [Binder](https://mybinder.org/v2/gh/OWNER/dropviz/main?urlpath=lab/tree/notebooks/05-dropout-as-doubt.ipynb): no account; one processor, 2 GB, and not for thirty people at once.
# 4. Local: `git clone https://github.com/OWNER/dropviz && cd dropviz && python -m pip install ".[cpu]" jupyterlab && jupyter lab notebooks/05-dropout-as-doubt.ipynb`; on a JupyterHub, [make a link for yours](https://nbgitpuller.readthedocs.io/en/latest/link.html?repo=https%3A%2F%2Fgithub.com%2FOWNER%2Fdropviz&branch=main&urlpath=lab%2Ftree%2Fdropviz%2Fnotebooks%2F05-dropout-as-doubt.ipynb).
# <!-- /doors -->

# %%
from importlib.util import find_spec

if not find_spec("dropviz"):  # as on Colab
    get_ipython().run_line_magic("pip", "install --quiet git+https://github.com/OWNER/dropviz")
# %load_ext dropviz
import numpy as np

import dropviz
from dropviz.core.task_data import noisy_sines

# %% [markdown]
# The task: a sine with some noise, of which the net sees some values and predicts the next. It
# is trained on waves of certain heights (amplitudes), and on no others.

# %%
run = dropviz.run(task="noisy-sine", dropout=0.2, recurrent_dropout=0.2, units=32, epochs=8, seed=1)
run.model.name = "noisy-sine"  # as the pictures call it
x, y = noisy_sines(500, 0.5, 1.0, seed=2)
print(f"{len(x)} new waves of {x.shape[1]} values; heights from 0.5 to 1.0")

# %% [markdown]
# ## Asking again
#
# `predict` and the same model with masks on, each of them twice.

# %%
twice = dropviz.predict(
    "Two calls of model.predict on the same waves differ by", ["nothing", "something"]
)
passes = dropviz.predict("Two passes with masks on differ by", ["nothing", "something"])

# %%
apart = abs(run.model.predict(x, verbose=0) - run.model.predict(x, verbose=0)).max()
doubt = dropviz.mc(run.model, x, passes=100, seed=1)
scatter = abs(doubt.outputs[0] - doubt.outputs[1]).max()
print(f"predict, twice: at most {apart:.3f} apart")
print(f"masks on, twice: at most {scatter:.3f} apart")
display(
    twice.against("something" if apart else "nothing"),
    passes.against("something" if scatter else "nothing"),
)

# %% [markdown]
# `predict` has dropout off, and always says the same. So dropout in a model says nothing of its
# doubt by itself: one has to switch the masks on, which `dropviz.mc` does (and puts everything back).
#
# ## A fan

# %%
middle = dropviz.predict(
    "On average over 20 waves, how far is the mean of 100 passes from the prediction with dropout "
    "off?",
    ["not at all", "less than the passes scatter", "more than the passes scatter"],
)

# %%
few = dropviz.mc(run.model, x[:20], passes=100, seed=1)
display(few)
away = np.abs(few.mean - few.off)
print("means over the 20 waves:")
print(f"from mean to dropout off: {away.mean():.3f}")
print(f"spread of the passes:     {few.spread.mean():.3f}")
middle.against(
    "not at all"
    if away.max() < 0.001
    else "less than the passes scatter"
    if away.mean() < few.spread.mean()
    else "more than the passes scatter"
)

# %% [markdown]
# **How to read it.** For each of the waves: the middle half of the passes, the middle nine tenths,
# their mean, and the prediction with dropout off. The last two are not the same: a net is not linear,
# so its output with all units is not the mean of its outputs with some missing. In the words above
# the picture, *in the middle* is the median over the 20 waves, and *at most* and *up to* are the
# largest; the printed numbers are means.
#
# ## Is the band as wide as it should be?
#
# A band of nine tenths of the passes looks like a promise: nine of ten truths lie in it. That can be
# counted.

# %%
inside = dropviz.predict(
    "Of 500 new waves such as it was trained on, what share has its truth within the band?",
    ["less than 0.8", "0.8 to 0.95", "more than 0.95"],
)

# %%
covered = doubt.coverage(y, share=0.9)
print(covered.sentence)
inside.against(covered.found)

# %% [markdown]
# The passes made no such promise. A truth also carries the noise of the data, which they leave out
# (Gal & Ghahramani add a term for it). So count first, and only then call a spread a doubt.

# %%
wider = dropviz.predict(
    "The same weights, in passes at twice the rate: the spread will be",
    ["narrower", "about the same", "wider"],
)

# %%
twin = dropviz.run(
    task="noisy-sine", dropout=0.4, recurrent_dropout=0.4, units=32, epochs=1, seed=1
).model
twin.set_weights(run.model.get_weights())
higher = dropviz.mc(twin, x, passes=100, seed=1)
before, after = float(doubt.spread.mean()), float(higher.spread.mean())
print("mean spread of 500 waves, same weights:")
print(f"at rates of 0.2: {before:.3f}")
print(f"at rates of 0.4: {after:.3f}")
wider.against(
    "wider" if after > 1.1 * before else "narrower" if after < before / 1.1 else "about the same"
)

# %% [markdown]
# The net knows as much and as little as before: weights and waves are the same. The *rate* alone has
# changed the width of the band, and a rate is chosen for the training.
#
# ## Higher waves
#
# Now waves higher than any that it was trained on: one and a half times to twice as high as the
# highest of those. A doubt that can be trusted would grow with the error.

# %%
beyond = dropviz.predict(
    "From waves such as it was trained on to higher ones, the error grows; the spread grows",
    ["more than the error", "about as much", "less than the error"],
)

# %%
high_x, high_y = noisy_sines(500, 1.5, 2.0, seed=2)
out = dropviz.mc(run.model, high_x, passes=100, seed=1)


def error(found, truth):
    """The root mean square of the errors of the mean over the passes."""
    return float(np.sqrt(np.mean((found.mean.ravel() - np.ravel(truth)) ** 2)))


errors = error(out, high_y) / error(doubt, y)
spreads = float(out.spread.mean() / doubt.spread.mean())
print(f"error:       grew to {errors:.1f} times its size")
print(f"mean spread: grew to {spreads:.1f} times its size")
print(out.coverage(high_y, share=0.9).sentence)
display(dropviz.mc(run.model, high_x[:20], passes=100, seed=1).figure("fan"))
beyond.against(
    "less than the error"
    if spreads < errors / 1.2
    else "more than the error"
    if spreads > 1.2 * errors
    else "about as much"
)

# %% [markdown]
# The error grew far more than the spread. Whoever trusts the spread there will think the net surer
# than it is. If a decision depends on it, compare the spread with true values from there; if there
# are none, you do not know how far to trust it.
#
# Would several nets do better? `dropviz.doubt_card` trains some from other seeds, without
# masks at prediction, and measures the same: that is an *ensemble*. (It calls waves such as the nets
# were trained on *inside*, and higher ones *outside*.)

# %%
ensemble = dropviz.predict(
    "An ensemble of three nets, from waves such as they were trained on to higher ones: its spread "
    "grows",
    ["more than its error", "about as much", "less than its error"],
)

# %%
card = dropviz.doubt_card(members=3, passes=50, epochs=5)
display(card)
here, there = (card.found["ensemble"][place] for place in ("inside", "outside"))
errors, spreads = there.error / here.error, there.spread / here.spread
ensemble.against(
    "less than its error"
    if spreads < errors / 1.2
    else "more than its error"
    if spreads > 1.2 * errors
    else "about as much"
)

# %% [markdown]
# The card has nets of its own, trained for fewer epochs and asked less often, and its bands are as wide
# as a bell curve asks of so few passes or nets: so its numbers are not those above.
#
# This is one task and a few small nets: it shows that a spread *can* fail, and how to find out. It
# does not show which way of measuring doubt is the best.
#
# ## For you to try
#
# **One step.** How far do passes scatter for a layer with `recurrent_dropout` alone, on sequences of
# one step?
#
# <details><summary>Answer</summary>
#
# Not at all: before the first step the state is zero, and there is nothing to drop. (People have
# reported this as a mistake of Monte Carlo dropout.)
#
# ```python
# import keras
#
# layers = [keras.Input((1, 4)), keras.layers.LSTM(8, recurrent_dropout=0.5)]
# print(dropviz.mc(keras.Sequential(layers), np.ones((3, 1, 4)), passes=20))
# ```
#
# </details>
# <br>
#
# **How many passes?** How do the mean of the passes and their spread change from `passes=10` to
# `passes=100`?
#
# <details><summary>Answer</summary>
#
# The mean over passes settles; the spread is a property of the masks, and stays about as wide:
#
# ```python
# for many in (10, 100):
#     again = [dropviz.mc(run.model, x[:50], passes=many, seed=seed) for seed in (1, 2)]
#     moved = abs(again[0].mean - again[1].mean).mean()
#     print(f"{many:3} passes: the mean moves by {moved:.3f}, spread {again[0].spread.mean():.3f}")
# ```
#
# </details>
# <br>
#
# **One mask for all.** What does `masks="pass"` change?
#
# <details><summary>Answer</summary>
#
# All waves of a pass meet the same masks, so that each pass is one thinned net:
#
# ```python
# print(dropviz.mc(run.model, x[:50], passes=50, masks="pass", seed=1))
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

    asked = [twice, passes, middle, inside, wider, beyond, ensemble]
    print(homework.chat_line(student, dict(each.pair for each in asked if each.answer)))

# %% [markdown]
# **Shut down this kernel** (*Kernel*, *Shut Down Kernel*): Binder has memory for three kernels;
# opening a fourth gets one of them killed. Next: [the museum of traps](06-museum-of-traps.ipynb)
