// Follows a task without reloading: asks for its status while someone looks, and reloads once when it is over.
// Without JavaScript the page reloads itself every two seconds.
"use strict";

const card = document.querySelector("[data-status-url]");
const badge = card.querySelector(".badge");
const note = card.querySelector(".note");
const bar = card.querySelector("progress");
const attempts = card.querySelector(".attempts");
const words = JSON.parse(card.dataset.words);
const over = new Set(["SUCCEEDED", "FAILED", "DEAD", "CANCELLED", "EXPIRED"]);
const SECOND = 1000;
const LONGEST = 10 * SECOND;

let pause = SECOND;
let timer;

function set(element, text) {
  if (element.textContent !== text) element.textContent = text; // a screen reader speaks every change
}

function show(task) {
  set(badge, words[task.status]);
  badge.className = `badge ${task.status.toLowerCase()}`;
  set(attempts, String(task.attempts));
  if (task.status !== "SCHEDULED") set(note, task.progress ? task.progress.note : "");
  if (task.progress && task.progress.total) {
    bar.max = task.progress.total;
    bar.value = task.progress.done;
  } else {
    bar.removeAttribute("value");
  }
}

async function ask() {
  try {
    const response = await fetch(card.dataset.statusUrl, { headers: { Accept: "application/json" } });
    if (response.status === 401) return location.reload(); // signed out meanwhile
    if (!response.ok) throw new Error(`status ${response.status}`);
    const task = await response.json();
    if (over.has(task.status)) return location.reload();
    show(task);
    pause = SECOND;
  } catch {
    pause = Math.min(pause * 2, LONGEST); // the network or the server: ask more seldom until it answers
  }
  wait();
}

function wait() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(ask, pause);
}

document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
wait();
