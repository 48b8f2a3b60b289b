# %% [markdown]
# # Build the mask
#
# You build an LSTM cell in Keras that drops where *you* are asked to. Most of your neighbours are
# asked something else. About 60 minutes. Before: lessons 1 and 2 (where a mask acts, and how long
# it lives).
#
# __SENTENCE__
#
# Points: the place 3, how long a mask lives 2, whether the gates share it 1, rate 1, scaling 1,
# samples 1, the equations of an LSTM with ordinary weights 2. (Gates do not share a mask of g or
# of c; there the point is for each unit being dropped by itself.) Without the place nothing else is
# looked at.
#
# __FIRST__

# %%
from importlib.util import find_spec

if not find_spec("dropviz"):  # as on Colab
    get_ipython().run_line_magic("pip", "install --quiet git+https://github.com/OWNER/dropviz")
from dropviz import homework

student = "__STUDENT__"
assignment = "build-the-mask __EDITION__"
asked = __ASKED__
asked

# %% [markdown]
# ## The cell
#
# `keras.layers.RNN` calls the cell's `call` at each step. Of a cell that inherits from
# `keras.layers.LSTMCell` (and of none that inherits from `keras.layers.Layer` alone) it also calls
# `get_dropout_mask` before the first step of a sequence, and `reset_dropout_mask` after the last.
# The weight matrices `kernel` and `recurrent_kernel` hold the gates side by side, in the order
# i f g o. Masks come from `keras.random` with the cell's own `SeedGenerator`.
#
# `make(units, rate)` must give back a layer that takes `layer(x, initial_state=[h, c],
# training=True)`, with the weights of `keras.layers.LSTM`. The judge calls it several times, with
# other numbers of units. It takes out of this notebook what `make` needs, and has Keras and NumPy
# there, but no dropviz. If you use `tf.function`, write no `for` or `if` over tensors in it: to
# translate them TensorFlow writes a file, and the judge lets nothing be written.

# %% answer="make"
import keras
from keras import ops


### BEGIN SOLUTION
class MaskedCell(keras.layers.LSTMCell):
    def __init__(self, units, rate, **kwargs):
        super().__init__(units, **kwargs)
        self.rate = rate
        self.generator = keras.random.SeedGenerator(1)
        self.held = None

    def draw(self, x):
        gates = 4 if asked["tying"] == "untied" else 1
        entries = x.shape[-1] if asked["site"] == "input" else self.units
        shape = (gates, ops.shape(x)[0], entries)
        kept = keras.random.uniform(shape, seed=self.generator) >= self.rate
        return ops.cast(kept, "float32") / (1 - self.rate)

    def get_dropout_mask(self, x):
        self.held = self.draw(x)

    def reset_dropout_mask(self):
        self.held = None

    def call(self, x, states, training=False):
        h, c = states
        mask = ops.ones((1, 1, 1))
        if training:
            mask = self.held if asked["life"] == "sequence" else self.draw(x)
        kernels = ops.split(self.kernel, 4, axis=1)
        recurrent = ops.split(self.recurrent_kernel, 4, axis=1)
        biases = ops.split(self.bias, 4)
        sums = []
        for gate in range(4):
            now = mask[gate % mask.shape[0]]
            x_in = x * now if asked["site"] == "input" else x
            h_in = h * now if asked["site"] == "recurrent" else h
            sums.append(
                ops.matmul(x_in, kernels[gate]) + ops.matmul(h_in, recurrent[gate]) + biases[gate]
            )
        i, f, o = ops.sigmoid(sums[0]), ops.sigmoid(sums[1]), ops.sigmoid(sums[3])
        g = ops.tanh(sums[2])
        g = g * mask[0] if asked["site"] == "candidate" else g
        c = f * c + i * g
        c = c * mask[0] if asked["site"] == "cell" else c
        h = o * ops.tanh(c)
        return h, [h, c]


### END SOLUTION
def make(units, rate):
    ### BEGIN SOLUTION
    return keras.layers.RNN(MaskedCell(units, rate))
    ### END SOLUTION


# %% [markdown]
# ## Practice
#
# This looks at your layer as the judge will, and says what it *does*. It gives no points.

# %%
homework.check("build-the-mask", make=make, asked=asked)

# %% [markdown]
# Hand in this notebook. Then shut down its kernel.
