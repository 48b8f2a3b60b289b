// Drives Firefox for Python's tests: a request a line, a line back. Playwright drives no Firefox
// but its own build.
import { createInterface } from "node:readline";

import puppeteer from "puppeteer-core";

const [executablePath] = process.argv.slice(2);
// Whatever asks for another machine, or for this one, finds a proxy that is not there.
const nowhere = { host: "127.0.0.1", port: 9 };
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath,
  headless: true,
  extraPrefsFirefox: {
    "network.proxy.type": 1,
    "network.proxy.http": nowhere.host,
    "network.proxy.http_port": nowhere.port,
    "network.proxy.ssl": nowhere.host,
    "network.proxy.ssl_port": nowhere.port,
    "network.proxy.allow_hijacking_localhost": true,
  },
});
const page = await browser.newPage();
let said = [];
page.on("pageerror", (error) => said.push(error.message));
page.on("console", (message) => {
  if (message.type() === "error") said.push(message.text());
});

const ACTIONS = {
  async open({ url, width, height }) {
    said = [];
    await page.setViewport({ width, height });
    await page.goto("about:blank"); // another fragment alone loads nothing
    await page.goto(url);
  },
  // A function of the page, in JavaScript, and what it is given.
  evaluate: ({ script, given }) => page.evaluate(`(${script})(${JSON.stringify(given)})`),
  press: ({ key }) => page.keyboard.press(key),
  focus: ({ selector }) => page.focus(selector),
  async wait({ script }) {
    await page.waitForFunction(script, { timeout: 20000 });
  },
  said: () => said,
  close: () => browser.close(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { action, ...request } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await ACTIONS[action](request)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
