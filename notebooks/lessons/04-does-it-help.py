# %% [markdown]
# # Lesson 4: Does it help?
#
# "I added dropout and the accuracy went up." Perhaps; or the other seed was luckier. Here you
# measure how much luck there is, before you measure dropout, and then read the curves of a
# training for what they can tell.
#
# * **You will** say how far seeds alone are apart, compare settings pair by pair, read a rate map,
#   and take the curves of a training apart.
# * **Minutes:** 20, of which the machine takes 2.
# * **Know before:** lesson 2: what a mask does. No statistics beyond a mean and a range.
# * **Words:** a *sample* is one sequence. A *seed* is the number out of which all of a training's
#   randomness comes: first weights, order of the samples, masks. The *interval* of a difference is
#   made to hold the true mean in 95 of 100 such experiments; it is *Student's*, who found how much
#   wider it has to be where numbers are few. The interval beside a single setting is a *bootstrap*,
#   which draws from its few scores again and again: with so few seeds it is too short. Compare by the
#   differences.
#
# **Ways to open this lesson**
#
# <!-- doors -->
# 1. [The page without Python](https://owner.github.io/dropviz/playground.html): for a telephone too; its masks are its own.
# 2. [Colab](https://colab.research.google.com/github/OWNER/dropviz/blob/main/notebooks/04-does-it-help.ipynb): a kernel of your own, with an account; for a class of any size.
# 3. [Binder](https://mybinder.org/v2/gh/OWNER/dropviz/main?urlpath=lab/tree/notebooks/04-does-it-help.ipynb): no account; one processor, 2 GB, and not for thirty people at once.
# 4. Local: `git clone https://github.com/OWNER/dropviz && cd dropviz && python -m pip install ".[cpu]" jupyterlab && jupyter lab notebooks/04-does-it-help.ipynb`; on a JupyterHub, [make a link for yours](https://nbgitpuller.readthedocs.io/en/latest/link.html?repo=https%3A%2F%2Fgithub.com%2FOWNER%2Fdropviz&branch=main&urlpath=lab%2Ftree%2Fdropviz%2Fnotebooks%2F04-does-it-help.ipynb).
# <!-- /doors -->

# %%
from importlib.util import find_spec

if not find_spec("dropviz"):  # as on Colab
    get_ipython().run_line_magic("pip", "install --quiet git+https://github.com/OWNER/dropviz")
# %load_ext dropviz
import numpy as np

import dropviz
from dropviz.studies.seed_statistics import paired

# %% [markdown]
# ## How much is luck?
#
# The same LSTM without dropout (the setting `none`), on the same digits, eight times; nothing differs
# but the seed.

# %%
luck = dropviz.predict(
    "The best and the worst of eight seeds: how far apart are their validation accuracies?",
    ["less than 0.01", "0.01 to 0.04", "more than 0.04"],
)

# %%
same = dropviz.compare(["none"], seeds=8, units=16, epochs=5)
scores = np.sort([cell.last("val_accuracy") for cell in same.entries[0].cells])
print("validation accuracies:", " ".join(f"{score:.3f}" for score in scores))
luck.against(float(scores[-1] - scores[0]))

# %% [markdown]
# So far apart can two trainings of five epochs be by luck alone. Of two *single* trainings of this
# kind, a smaller difference tells nothing. Several pairs can show less, as you see next.
#
# ## With and without
#
# Now the same with `dropout=0.25` and `recurrent_dropout=0.25`. The setting with them is called
# `keras` below, for it drops as Keras does (`compare` uses these two rates unless you give others),
# and the one without dropout is called `none`. For each seed both settings begin with the same
# weights and meet the same samples in the same order, so that they can be compared pair by pair. What
# luck the two share cancels; how much is left, the scatter of the pairs shows.

# %%
words = {0: "no difference beyond the noise", 1: "better with dropout", -1: "worse with dropout"}
short = dropviz.predict("After five epochs, over five seeds:", words.values())


def told(comparison):
    """What the second setting of a comparison is against the first, as far as can be told."""
    difference = comparison.entries[1].difference
    return words[int(np.sign(difference.mean)) if difference.differs else 0]


# %%
five = dropviz.compare(["none", "keras"], seeds=5, units=16, epochs=5)
display(five)
short.against(told(five))

# %% [markdown]
# **How to read it.** In the first picture each dot is a seed: the accuracy with dropout less the
# accuracy without. The bar is the interval of the mean. Where it lies on one side of the line, chance
# alone would hardly have done that. The second picture has both accuracies, epoch by epoch: a line is
# the median over the seeds, its band reaches from the lowest to the highest, and the number beside a
# name is the mean at the end. In the table, *cost* is the time that an epoch takes, as a multiple of
# the first setting's: the median over the pairs; two trainings with the same seed are a pair. With
# trainings this short it scatters: compare this column with that of the next table (lesson 6 times it
# properly). *Proved* is about the trainings themselves: `compare` compiles each of them as a whole into
# one program, and some are trained again in plain Keras, to show whether the same comes out.
#
# A training with masks has to learn from less at each step. Is it only slower?

# %%
long = dropviz.predict("The same after four times as many epochs:", words.values())


# %%
def differences(comparison):
    """The accuracy with dropout less the accuracy without, of each seed."""
    none, keras = (
        [cell.last("val_accuracy") for cell in entry.cells] for entry in comparison.entries
    )
    return np.subtract(keras, none)


twenty = dropviz.compare(["none", "keras"], seeds=5, units=16, epochs=20)
display(twenty)
for comparison in (five, twenty):
    print(f"after {comparison.epochs} epochs: {comparison.entries[1].difference}")
change = paired(differences(twenty), differences(five))
print(
    f"the change of it, seed by seed: {change.mean:+.4f} ({change.low:+.4f} to {change.high:+.4f}),",
    "beyond the noise" if change.differs else "within the noise",
)
long.against(told(twenty))

# %% [markdown]
# Did more epochs make the difference smaller? That two intervals overlap does not answer it; the last
# line does, which compares seed by seed. If the change is beyond the noise, they did. But where its
# interval ends near `0`, ask for more seeds before anybody builds on it. On this task, at these rates,
# with so small a net and so short a training, nothing shows that dropout helps. On another task it
# may; whoever says so has to measure it there.
#
# ## A map of rates
#
# Two rates make a map. Each cell of it is the mean over three seeds.

# %%
rates = [0, 0.2, 0.4]
best = dropviz.predict(
    "After five epochs the best cell of the map will be at",
    [
        "no dropout at all",
        "dropout alone",
        "recurrent_dropout alone",
        "both",
    ],
)

# %%
swept = dropviz.sweep(dropout=rates, recurrent_dropout=rates, seeds=3, units=16, epochs=5)
display(swept)
row, column = swept.best
where = {
    (False, False): "no dropout at all",
    (True, False): "dropout alone",
    (False, True): "recurrent_dropout alone",
    (True, True): "both",
}
others = int((~swept.broken).sum()) - 1
like = int(swept.like_best.sum()) - 1
best.against(
    f"{where[row > 0, column > 0]}; {like} of {others} other cells cannot be told from the best"
)

# %% [markdown]
# **How to read it.** On the map the best cell wears a star, and those that cannot be told from it are
# marked too; in the table the one is `*`, and the others are `~`. A map with one star and no marks
# would invite you to report a winner; the marks say how many other cells three seeds cannot tell from
# it. (What counts is the difference from the best, seed by seed. A cell where it scatters more can be
# lower than another and still be marked.)
#
# ## The honest training curve
#
# With dropout on, two things are mixed in the training loss that Keras reports. In the picture below,
# "dropout on" is the mean of five passes over the training samples, each with masks of its own; the
# pale band around it reaches from the lowest of them to the highest.

# %%
above = dropviz.predict(
    "Both rates 0.4; after the last epoch the training loss that Keras reports lies",
    ["below the validation loss", "above the validation loss"],
)
honest = dropviz.predict(
    "And the training loss of the last weights with dropout off lies",
    ["below the validation loss", "above the validation loss"],
)

# %%
run = dropviz.run(task="digits", dropout=0.4, recurrent_dropout=0.4, units=32, epochs=6, seed=7)
last = {name: round(values[-1], 3) for name, values in run.curves.items()}  # as it is printed
reported, on, off = last["loss"], last["loss_dropout_on"], last["loss_dropout_off"]
print(f"as Keras reports it    {reported:.3f}")
print(f"last weights, on       {on:.3f}")
print(f"last weights, off      {off:.3f}")
print(f"validation, off        {last['val_loss']:.3f}")
print(f"reported - on         {reported - on:+.3f}  older weights")
print(f"on - off              {on - off:+.3f}  the masks")
display(run.figure("curves"))


def side(loss):
    return f"{'above' if loss > last['val_loss'] else 'below'} the validation loss"


display(above.against(side(reported)), honest.against(side(off)))

# %% [markdown]
# "Dropout on" and "dropout off" are measured at the end of the epoch, on the same samples, with the
# same weights: what lies between them is what the masks do, and nothing else. What Keras reports is a
# mean over the whole epoch, most of which had weights that were not as good yet; that part would be
# there without any dropout. To compare training with validation, take "dropout off": validation has
# dropout off too.
#
# ## For you to try
#
# **How many seeds?** How many would it take to see a difference of one hundredth between the two
# settings of the longer comparison?
#
# <details><summary>Answer</summary>
#
# The number follows from how far the pairs scatter:
#
# ```python
# keras = twenty.entries[1]
# print(f"about {keras.needed} seeds; pairs scatter by {keras.difference.deviation:.3f}")
# ```
#
# </details>
# <br>
#
# **One seed.** Compare with `seeds=1`. What may one say then?
#
# <details><summary>Answer</summary>
#
# Nothing of chance:
#
# ```python
# print(dropviz.compare(["none", "keras"], seeds=1, units=16, epochs=5).sentences[0])
# ```
#
# </details>
# <br>
#
# **Without dropout.** Take the curves of a training without dropout apart in the same way. Which of
# the two parts is left?
#
# <details><summary>Answer</summary>
#
# The epoch's older weights. On and off are the same where nothing is dropped:
#
# ```python
# plain = dropviz.run(task="digits", units=32, epochs=6, seed=7).curves
# print(f"reported - on: {plain['loss'][-1] - plain['loss_dropout_on'][-1]:+.3f}")
# print(f"on - off:      {plain['loss_dropout_on'][-1] - plain['loss_dropout_off'][-1]:+.3f}")
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

    asked = [luck, short, long, best, above, honest]
    print(homework.chat_line(student, dict(each.pair for each in asked if each.answer)))

# %% [markdown]
# **Shut down this kernel** (*Kernel*, *Shut Down Kernel*): Binder has memory for three kernels;
# opening a fourth gets one of them killed. Next: [dropout as doubt](05-dropout-as-doubt.ipynb)
