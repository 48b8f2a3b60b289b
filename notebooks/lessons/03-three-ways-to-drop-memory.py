# %% [markdown]
# # Lesson 3: Three ways to drop memory
#
# An LSTM is used because it remembers. So it matters where a mask touches what is remembered, and
# how. Moon et al. drop the memory itself; Gal & Ghahramani, and Keras, drop a copy of the state on
# its way into the gates; Semeniuta et al. drop only what is about to be added to the memory. And
# zoneout, a fourth way, drops only the change: a unit that is hit keeps its old value.
#
# * **You will** tell the methods apart on the picture of a cell, train them where memory is
#   needed, and compare them with masks on and off.
# * **Minutes:** 20, of which the machine takes 2.
# * **Know before:** lesson 2: sample, life, tied and untied, inverted and test-time scaling.
# * **Words:** *h* is the state, *c* the memory, *g* the *candidate* that is added to it; the gate *i*
#   says how much is added, *f* how much is kept, *o* how much is shown: `c_t = f * c_(t-1) + i * g` and
#   `h_t = o * tanh(c_t)`. An *update* is what a step changes in *c* or *h*. *Inference* is prediction
#   with the trained net.
#
# **Ways to open this lesson**
#
# <!-- doors -->
# 1. [The page without Python](https://owner.github.io/dropviz/playground.html): for a telephone too; its masks are its own.
# 2. [Colab](https://colab.research.google.com/github/OWNER/dropviz/blob/main/notebooks/03-three-ways-to-drop-memory.ipynb): a kernel of your own, with an account; for a class of any size.
# 3. [Binder](https://mybinder.org/v2/gh/OWNER/dropviz/main?urlpath=lab/tree/notebooks/03-three-ways-to-drop-memory.ipynb): no account; one processor, 2 GB, and not for thirty people at once.
# 4. Local: `git clone https://github.com/OWNER/dropviz && cd dropviz && python -m pip install ".[cpu]" jupyterlab && jupyter lab notebooks/03-three-ways-to-drop-memory.ipynb`; on a JupyterHub, [make a link for yours](https://nbgitpuller.readthedocs.io/en/latest/link.html?repo=https%3A%2F%2Fgithub.com%2FOWNER%2Fdropviz&branch=main&urlpath=lab%2Ftree%2Fdropviz%2Fnotebooks%2F03-three-ways-to-drop-memory.ipynb).
# <!-- /doors -->

# %%
from importlib.util import find_spec

if not find_spec("dropviz"):  # as on Colab
    get_ipython().run_line_magic("pip", "install --quiet git+https://github.com/OWNER/dropviz")
# %load_ext dropviz
import numpy as np

import dropviz
from dropviz.figures.cell import cell

display(cell("moon", "gal-untied", "semeniuta"))
cell("zoneout")

# %% [markdown]
# **How to read it.** A step goes from left to right; the memory *c* runs along the top, the candidate
# *g* comes up into it, *x* comes in from below, and *h* from the left along the bottom. The marked
# lines carry something masked. Blue: `dropout` on *x*; the trainings below leave it at `0`. The others
# are what these methods differ in.
#
# * **Moon** (RNNDrop): the memory *c*, after the sum. What is dropped there is gone.
# * **Gal & Ghahramani**: *x* and *h* on their way into the gates. The memory passes untouched.
# * **Semeniuta**: the candidate *g*. What is in the memory already stays there.
# * **Zoneout**: a unit that is hit keeps the *c*, or *h*, of the step before. (*c̃* in its equation is
#   the memory as the step would leave it if no unit were hit.)
#
# ## A task that needs memory
#
# *Temporal order* is the task with which Semeniuta et al. argued. A sequence has two rows: random
# bits, and two marks. Which were the marked bits, in their order?

# %%
from dropviz.core.tasks import load_task

task = load_task("temporal-order")
print("bits ", "".join(f"{bit:.0f}" for bit in task.x[0, :, 0]))
print("marks", "".join(".^"[int(mark)] for mark in task.x[0, :, 1]))
first_mark = int(np.argmax(task.x[0, :, 1]))
print(
    "steps:", task.x.shape[1], " to remember the first one for:", task.x.shape[1] - 1 - first_mark
)
print("answer:", task.y[0], "(two times the first marked bit, plus the second)")
print(f"guessing scores {task.guess['accuracy']:.2f}")
print("(always the answer that is commonest in training, on new sequences)")

# %% [markdown]
# ## Moon: masks on the memory
#
# A mask of zeros and ones, one for a sequence, on the memory itself; when the trained LSTM predicts, there
# is no mask, and all of the memory is multiplied by `1-p` at each step instead: test-time scaling.

# %%
in_training = dropviz.predict(
    "Moon, a quarter of the memory dropped: its accuracy on training sequences, masks on, will be",
    ["below 0.4", "0.4 to 0.9", "above 0.9"],
)
predicting = dropviz.predict(
    "And of the same weights on the same sequences with masks off, as predict has it:",
    ["below 0.4", "0.4 to 0.9", "above 0.9"],
)

# %%
runs = {}


def train(method, epochs, **rates):
    """Trains on temporal order; the accuracies are of one set of weights and sequences."""
    run = dropviz.run(
        task="temporal-order", method=method, units=32, epochs=epochs, seed=7, **rates
    )
    runs[method] = run
    return run.curves["accuracy_dropout_on"][-1], run.curves["accuracy_dropout_off"][-1]


on, off = train("moon", epochs=5, recurrent_dropout=0.25, life="sequence")
print(f"accuracy after {runs['moon'].curves.epochs} epochs: masks on {on:.3f}, masks off {off:.3f}")
display(runs["moon"].figure("where"), runs["moon"].figure("curves"))
display(in_training.against(on), predicting.against(off))

# %% [markdown]
# The curves "dropout on" and "dropout off" are of the same weights and the same sequences. Only this
# differs: masks on, or `1-p` in their place. The net does the task with its masks on, and not with
# `1-p` in place of them.
#
# ## Why
#
# With masks off, Moon multiplies the memory by `1-p` at *each* step.

# %%
left = dropviz.predict(
    "By calculation, p = 0.25: what is left after 20 steps of a value that was put into the memory?",
    ["about three quarters", "about a tenth", "less than a hundredth"],
)
size = dropviz.predict(
    "The mean size of the memory at the last step, masks off, compared with masks on:",
    ["about the same", "about half", "about a tenth"],
)

# %%
kept = 0.75**20
print(f"after 20 steps, by calculation: {kept:.4f}")
moon = runs["moon"].model
sizes = {
    training: float(np.abs(dropviz.trace(moon, task.x[:200], training=training).c[:, -1]).mean())
    for training in (True, False)
}
print("mean size of c at the last step, as measured:")
print(f"masks on {sizes[True]:.3f}, masks off {sizes[False]:.3f}")


def nearest(share, words):
    """The words beside the number that a share is nearest to, in proportion."""
    return words[min(words, key=lambda number: abs(np.log(number / share)))]


shares = {0.75: "about three quarters", 0.1: "about a tenth", 0.005: "less than a hundredth"}
proportions = {1: "about the same", 0.5: "about half", 0.1: "about a tenth"}
display(
    left.against(nearest(kept, shares)),
    size.against(nearest(sizes[False] / sizes[True], proportions)),
)

# %% [markdown]
# The first of the two is a calculation, though its line says *measured*. A factor of `1-p` once can be
# made up for; a value that has to last is multiplied by it again and again: what was written at the
# marks would be nearly gone at the end. What was measured is the memory as a whole, at the last step:
# with masks off, about a tenth of its size is left.
#
# ## Semeniuta: masks on what is added
#
# The same rate, and test-time scaling too. Two things differ in the masks: *g* is masked, before it
# comes to the memory, so that each value is multiplied once; and a mask lives for one step. (It is
# also trained for four epochs, where Moon had five.)

# %%
added = dropviz.predict(
    "Semeniuta, the same rate: accuracy on training sequences with masks off",
    ["below 0.4", "0.4 to 0.9", "above 0.9"],
)

# %%
on, off = train("semeniuta", epochs=4, recurrent_dropout=0.25)
print(f"accuracy: masks on {on:.3f}, masks off {off:.3f}")
display(runs["semeniuta"].figure("where"))
added.against(off)

# %% [markdown]
# A letter inside each box: the candidate *g* is masked, with a new mask at each step. The memory's
# own arrows are grey.
#
# ## Gal & Ghahramani, and zoneout

# %%
copy = dropviz.predict(
    "Gal & Ghahramani, masks on a copy of h: accuracy with masks off",
    ["below 0.4", "0.4 to 0.9", "above 0.9"],
)
zone = dropviz.predict(
    "Zoneout, at each step a quarter of c and a twentieth of h keep their old values: accuracy with "
    "masks off",
    ["below 0.4", "0.4 to 0.9", "above 0.9"],
)

# %%
_, gal = train("gal-untied", epochs=5, recurrent_dropout=0.25)
_, zoned = train("zoneout", epochs=4, zoneout_cell=0.25, zoneout_hidden=0.05)
print(f"{'method':10}{'epochs':>7}{'on':>7}{'off':>7}{'off, new':>10}")
for name, run in runs.items():
    curves = ("accuracy_dropout_on", "accuracy_dropout_off", "val_accuracy")
    last = [run.curves[curve][-1] for curve in curves]
    print(f"{name:10}{run.curves.epochs:7}{last[0]:7.3f}{last[1]:7.3f}{last[2]:10.3f}")
display(copy.against(gal), zone.against(zoned))

# %% [markdown]
# *On* and *off* are the accuracies on training sequences with masks on and with masks off; *off, new*
# is that on new sequences. Of these four, one alone has a wide gap between masks on and masks off: the
# one that multiplies what is stored. The others leave the memory alone, or let it keep what it had.
#
# **What this does not show.** It is one seed, one rate and one length, and the methods were not
# trained equally long. It says nothing of which of the others is better, nor whether any of them
# is of use: that is the next lesson's question. (Over five seeds and two lengths, at a rate of one
# half, the same was measured in the repository's `studies/results`. In an easier task there, Moon
# at a rate of a quarter kept its accuracy over fifteen steps.)
#
# ## For you to try
#
# **A shorter wait.** Would `1-p` do less harm if less time lay between the marks and the end?
#
# <details><summary>Answer</summary>
#
# A value that has to last for a few steps is multiplied a few times only. What is left of it, by
# the number of steps:
#
# ```python
# for steps in (1, 5, 10, 20, 29):
#     print(f"{steps:3} steps: {0.75**steps:.4f}")
# ```
#
# </details>
# <br>
#
# **Inverted scaling.** Would it help Moon to multiply kept units by `1/(1-p)` in training, as Keras
# does, and by nothing at prediction?
#
# <details><summary>Answer</summary>
#
# Then a value that stays in the memory grows in training, at each step:
#
# ```python
# print(f"after 20 steps: {(1 / 0.75) ** 20:.0f} times as large")
# ```
#
# Semeniuta et al. name both failures as the reason to mask only what is added.
#
# </details>
# <br>
#
# **Zoneout on the picture.** Draw where zoneout acted in its run. Which arrows wear letters?
#
# <details><summary>Answer</summary>
#
# Those that leave a box with *c* and with *h*: what is masked is their update.
#
# ```python
# print(runs["zoneout"].figure("where").alt)
# ```
#
# </details>
# <br>
#
# **From outside.** Would the experiment of lesson 2 tell Moon from Semeniuta?
#
# <details><summary>Answer</summary>
#
# Yes, by how the layer acts, whatever it is called:
#
# ```python
# for name in ("moon", "semeniuta"):
#     layer = dropviz.LSTM(8, method=name, recurrent_dropout=0.25)
#     print(dropviz.explain(layer).title)
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

    asked = [in_training, predicting, left, size, added, copy, zone]
    print(homework.chat_line(student, dict(each.pair for each in asked if each.answer)))

# %% [markdown]
# **Shut down this kernel** (*Kernel*, *Shut Down Kernel*): Binder has memory for three kernels;
# opening a fourth gets one of them killed. Next: [does it help?](04-does-it-help.ipynb)
