// What tests ask of the page's engine, with plain numbers in and out.

import { adam, step } from "../../../dropviz/browser/playground/adam.js";
import { initialise } from "../../../dropviz/browser/playground/initialise.js";
import { forward } from "../../../dropviz/browser/playground/lstm.js";
import { atInference, drawAll, dropped, isShared } from "../../../dropviz/browser/playground/masks.js";
import { entryOf, rulesOf } from "../../../dropviz/browser/playground/methods.js";
import { gradients, listed, predict } from "../../../dropviz/browser/playground/model.js";
import { snapshotOf } from "../../../dropviz/browser/playground/snapshot.js";
import { cellScene } from "../../../dropviz/browser/playground/scene_cell.js";
import { planScene, unrolledScene } from "../../../dropviz/browser/playground/scene_unrolled.js";
import { atlasScene, curvesScene, gatesScene } from "../../../dropviz/browser/playground/scenes.js";
import { score } from "../../../dropviz/browser/playground/quiz.js";
import { seeded } from "../../../dropviz/browser/playground/random.js";
import { replayed } from "../../../dropviz/browser/playground/replay.js";
import { format, parse } from "../../../dropviz/browser/playground/scenario.js";
import { temporalOrder } from "../../../dropviz/browser/playground/tasks.js";
import { begin, trainBatch } from "../../../dropviz/browser/playground/training.js";
import { answer as answerOf, figure, general, intentions, percent } from "../../../dropviz/browser/playground/words.js";

const PRECISIONS = { float32: Float32Array, float64: Float64Array };
const streams = new Map();

function precisionOf({ precision = "float64" }) {
  return PRECISIONS[precision];
}

function arraysOf(request) {
  const make = precisionOf(request);
  const arrays = (named) => Object.fromEntries(Object.entries(named ?? {}).map(([k, v]) => [k, make.from(v)]));
  const masks = Object.entries(request.masks ?? {}).map(([site, mask]) => {
    return [site, { ...mask, values: make.from(mask.values) }];
  });
  return {
    weights: arrays(request.weights),
    x: { ...request.x, values: make.from(request.x.values) },
    y: Int32Array.from(request.y ?? []),
    masks: Object.fromEntries(masks),
    states: arrays(request.states),
  };
}

const plain = (values) => Array.from(values);

const CALLS = {
  forward(request) {
    const { weights, x, masks, states } = arraysOf(request);
    const { i, f, g, o, c, h, outputs } = forward(weights, x, masks, states);
    return { i: plain(i), f: plain(f), g: plain(g), o: plain(o), c: plain(c), h: plain(h), outputs: plain(outputs) };
  },

  gradients(request) {
    const { weights, x, y, masks } = arraysOf(request);
    const prediction = predict(weights, x, y, masks);
    return { loss: prediction.loss, gradients: gradients(weights, x, y, masks, prediction).map(plain) };
  },

  adamSteps(request) {
    const { weights, x, y, masks } = arraysOf(request);
    const state = adam(listed(weights), request.rate);
    for (let count = 0; count < request.steps; count++) {
      step(state, listed(weights), gradients(weights, x, y, masks, predict(weights, x, y, masks)));
    }
    return listed(weights).map(plain);
  },

  rules({ tables, setting }) {
    return { ...entryOf(tables.methods, tables.options, setting), rules: rulesOf(tables.methods, tables.options, setting) };
  },

  draws({ tables, setting, sizes, batches, seed }) {
    const random = seeded(seed);
    const rules = rulesOf(tables.methods, tables.options, setting);
    return Array.from({ length: batches }, () => {
      const masks = drawAll(rules, tables.sites, sizes, random, Float64Array);
      return Object.entries(masks).map(([site, mask]) => ({
        ...{ site, ...mask, values: plain(mask.values), dropped: dropped(mask) },
        shared: Object.fromEntries(["steps", "gates", "samples"].map((axis) => [axis, isShared(mask, axis)])),
      }));
    });
  },

  // One call of the layer as the page makes it, with masks that it draws itself.
  layer(request) {
    const { weights, x, states } = arraysOf(request);
    const { tables, setting, training, stream, seed } = request;
    if (!streams.has(stream) || seed !== undefined) streams.set(stream, seeded(seed ?? 0));
    const rules = rulesOf(tables.methods, tables.options, setting);
    const sizes = { ...x, units: weights.bias.length / 4 };
    const masks = training
      ? drawAll(rules, tables.sites, sizes, streams.get(stream), precisionOf(request))
      : atInference(rules);
    return plain(forward(weights, x, masks, states).outputs);
  },

  // One batch of masks, and the pictures of it.
  pictures({ tables, setting, sizes, seed, sample }) {
    const rules = rulesOf(tables.methods, tables.options, setting);
    const masks = drawAll(rules, tables.sites, sizes, seeded(seed), Float64Array);
    const { samples, steps, features, units } = sizes;
    const x = { samples, steps, features, values: new Float64Array(samples * steps * features).map((_, at) => Math.sin(at)) };
    const weights = initialise({ features, units, classes: 2 }, seeded(seed), Float64Array);
    const y = new Int32Array(samples);
    const spec = { ...setting, units };
    const batch = { number: 0, spec, data: { x, y }, rules, masks, prediction: predict(weights, x, y, masks) };
    const training = { tables, perEpoch: 1, losses: [], curves: {}, measured: 0 };
    const snapshot = snapshotOf(training, batch, sample);
    const { i, f, g, o, c, h } = batch.prediction.pass;
    const view = { sample, source: "", recorded: true };
    return {
      unrolled: unrolledScene(tables, snapshot, view),
      atlas: atlasScene(tables, snapshot, { ...view, sample: 0 }),
      gates: gatesScene(tables, snapshot, view),
      cell: cellScene(tables, spec, rules),
      x: plain(x.values),
      pass: Object.fromEntries(Object.entries({ i, f, g, o, c, h }).map(([name, values]) => [name, plain(values)])),
      masks: Object.entries(masks).map(([site, mask]) => ({ site, ...mask, values: plain(mask.values) })),
    };
  },

  plan({ tables, setting, task, units }) {
    return planScene(tables, { ...setting, task, units }, rulesOf(tables.methods, tables.options, setting));
  },

  curves({ tables, curves, so_far = null, measured, recorded }) {
    const losses = so_far === null ? null : { loss: so_far, so_far };
    return curvesScene(tables, { curves, losses, batch: curves.loss.length, perEpoch: 1, measured }, { recorded });
  },

  // A training whose setting is changed after its first batch, and the pictures of that batch.
  moved({ tables, spec, then }) {
    const half = temporalOrder({ samples: 3, steps: 24, features: 2 }, seeded(1));
    const training = begin(tables, { training: half, validation: half }, spec);
    const batch = trainBatch(training);
    training.spec = then;
    const snapshot = snapshotOf(training, batch, 0);
    const view = { sample: 0, source: "", recorded: false };
    return { title: unrolledScene(tables, snapshot, view).title, rates: snapshot.sites.map(({ rule }) => rule.rate) };
  },

  replayed({ recorded, tables }) {
    const at = replayed(recorded);
    return Array.from({ length: recorded.batches }, (_, batch) => {
      const snapshot = at(batch);
      return { samples: snapshot.samples, lines: atlasScene(tables, snapshot, { sample: 0, source: "" }).lines };
    });
  },

  scenario({ tables, text }) {
    try {
      const scenario = parse(text, tables);
      return { ...scenario, written: format(scenario, tables) };
    } catch (error) {
      return { refused: error.message };
    }
  },

  intentions({ tables, setting }) {
    return intentions(tables, setting, rulesOf(tables.methods, tables.options, setting));
  },

  sentence({ tables, masks, steps }) {
    return answerOf(tables, masks, steps);
  },

  numbers({ values }) {
    return values.map((value) => [general(value), general(value, 3), percent(value, 1), figure(value)]);
  },

  score({ tables, question, marks, anew }) {
    return score(tables, question, marks, anew);
  },

  temporalOrder({ sizes, seed }) {
    const { x, y } = temporalOrder(sizes, seeded(seed));
    return { x: plain(x.values), y: plain(y) };
  },

  initialise({ sizes, seed }) {
    const made = initialise(sizes, seeded(seed), Float64Array);
    return Object.fromEntries(Object.entries(made).map(([name, values]) => [name, plain(values)]));
  },

  random({ seed, count, bound }) {
    const random = seeded(seed);
    const shuffled = Int32Array.from({ length: bound }, (_, at) => at);
    random.shuffle(shuffled);
    return {
      uniform: Array.from({ length: count }, random.uniform),
      normal: Array.from({ length: count }, random.normal),
      below: Array.from({ length: count }, () => random.below(bound)),
      shuffled: plain(shuffled),
    };
  },
};

export function answer(name, request) {
  return CALLS[name](request);
}
