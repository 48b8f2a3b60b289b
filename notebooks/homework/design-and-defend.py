# %% [markdown]
# # Design and defend
#
# You design an experiment, carry it out, and say no more than it shows. About 60 minutes, of which
# the trainings take 5. Before: lesson 4.
#
# `design` and `claim` are plain values. In `design`, `vary` names one factor with its values: the
# first value is the one the others are compared with, a rate of 0 or the method `keras`. `hold`
# names the other factors (task, method, dropout, recurrent_dropout, units, epochs), `seeds` the
# seeds, and `measure` a curve of the run, such as `val_loss`. Which measure is fair to both?
#
# Points: one factor that varies 3, three seeds or more 2, a value to compare with 1, a fair measure
# 1, a result of each training 2, the same masks when one of them is trained again 2, and a claim
# that your own results bear out 3.
#
# __FIRST__

# %%
from importlib.util import find_spec

if not find_spec("dropviz"):  # as on Colab
    get_ipython().run_line_magic("pip", "install --quiet git+https://github.com/OWNER/dropviz")
from dropviz import homework

student = "__STUDENT__"
assignment = "design-and-defend __EDITION__"

# %% [markdown]
# ## The design
#
# This is the form, of another question. (It earns no points for its seeds, for a value to compare
# with, or for its measure.)
#
# ```python
# design = {
#     "question": "Does the loss on digits depend on the number of units?",
#     "vary": {"units": [8, 16, 32]},
#     "hold": {"task": "digits", "dropout": 0.2, "epochs": 2},
#     "seeds": [11, 12],
#     "measure": "loss",
# }
# ```
#
# The judge takes at most 60 trainings (one for each value and seed), 64 units and 30 epochs, and
# the tasks that need no download: `digits`, `temporal-order`, `adding`, `copy`, `noisy-sine` and
# `language`. Two rates must be .01 apart or more. What is not held is as in `dropviz.run`. If nothing
# is dropped in any training, there are no masks to compare when one is trained again: that earns
# nothing then, and neither does the claim.

# %% answer="design"
### BEGIN SOLUTION
design = {
    "question": "Does recurrent_dropout of one half lower the validation loss on digits?",
    "vary": {"recurrent_dropout": [0.0, 0.5]},
    "hold": {"task": "digits", "units": 8, "epochs": 3},
    "seeds": [1, 2, 3],
    "measure": "val_loss",
}
### END SOLUTION

# %% [markdown]
# ## Practice
#
# Before anything is trained: is it a design from which something could follow? It gives no points.

# %%
homework.check("design-and-defend", design=design)

# %% [markdown]
# ## Carry it out
#
# Keep the output of this cell: the results are read from it.

# %%
homework.carry_out(design)

# %% [markdown]
# ## Defend it
#
# `conclusion` is `"lower"`, `"higher"` or `"no difference"`: the measure at the last value against
# that at the first, seed by seed, with its 95 % interval. An interval that holds 0 shows no
# difference. `claim` has this one key, as in `claim = {"conclusion": "no difference"}`.

# %% answer="claim"
### BEGIN SOLUTION
claim = {"conclusion": "higher"}
### END SOLUTION

# %% [markdown]
# Hand in this notebook with its outputs. Then shut down its kernel.
