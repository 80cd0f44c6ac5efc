// Work that blocks runs on worker threads, made when the first such work comes.

import { Worker, isMainThread, parentPort } from 'node:worker_threads';

const THREADS = 4;
const workers = [];
const waiting = new Map();
let asked = 0;

/** What the work called `name` makes of `value`, from a thread that may block. */
export function onPool(name, value) {
    if (workers.length === 0) {
        for (let at = 0; at < THREADS; at += 1) {
            workers.push(start());
        }
    }
    const id = (asked += 1);
    return new Promise(resolve => {
        waiting.set(id, resolve);
        workers[id % THREADS].postMessage({ id, name, value });
    });
}

function start() {
    const worker = new Worker(new URL(import.meta.url));
    worker.on('message', ({ id, result }) => {
        waiting.get(id)(result);
        waiting.delete(id);
    });
    worker.unref();
    return worker;
}

const works = {
    echo: message => message,
    sleep: ms => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
        return `slept ${ms} ms`;
    }
};

if (!isMainThread) {
    parentPort.on('message', ({ id, name, value }) => {
        parentPort.postMessage({ id, result: works[name](value) });
    });
}
