// The TypeScript peer: `server.mjs --http`, `--http-sessions` or `--stdio`.
//
// `--http` is its fastest mode: no sessions, a JSON answer unless something must be said before it.
// `--http-sessions` adds the sessions of the handshake era. Both print where they listen as one
// line `ready http://ADDRESS/mcp` and serve until they are killed. Limits are raised: subscriptions, and
// the comments that keep streams alive are off.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

import { fixture } from './fixture.mjs';
import { forget, reach } from './subscribers.mjs';

const SUBSCRIPTIONS_MAX = 1_000_000;
const HANDSHAKE = '2025-11-25';

/** Answers every request by itself. */
function alone() {
    const raised = { maxSubscriptions: SUBSCRIPTIONS_MAX, keepAliveMs: 0 };
    const handler = createMcpHandler(fixture, raised);
    reach(handler.notify);
    return toNodeHandler(handler);
}

/** Answers the handshake era in sessions and the other as `stateless` does. */
function inSessions(stateless) {
    const transports = new Map();
    return async (request, response) => {
        const id = request.headers['mcp-session-id'];
        if (id === undefined && request.headers['mcp-protocol-version'] !== HANDSHAKE) {
            await stateless(request, response);
            return;
        }
        const transport = transports.get(id) ?? (await open(transports));
        await transport.handleRequest(request, response);
    };
}

async function open(transports) {
    const server = fixture({ era: 'legacy' });
    const transport = new NodeStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: id => transports.set(id, transport)
    });
    await server.connect(transport);
    const closed = transport.onclose;
    transport.onclose = () => {
        transports.delete(transport.sessionId);
        forget(server.server);
        closed?.();
    };
    return transport;
}

/** The server of the one connection; what it says of updates reaches the streams in it. */
function onlyOne(context) {
    const server = fixture(context);
    if (context.era === 'modern') {
        reach({ resourceUpdated: uri => server.server.sendResourceUpdated({ uri }) });
    }
    return server;
}

function listen(handler) {
    const server = createServer(handler);
    // Connections of the measurement may be idle for as long as they like.
    server.keepAliveTimeout = 0;
    server.requestTimeout = 0;
    server.listen(0, '127.0.0.1', 2048, () => {
        console.log(`ready http://127.0.0.1:${server.address().port}/mcp`);
    });
}

const mode = process.argv[2];
if (mode === '--http') {
    listen(alone());
} else if (mode === '--http-sessions') {
    listen(inSessions(alone()));
} else if (mode === '--stdio') {
    serveStdio(onlyOne, { maxSubscriptions: SUBSCRIPTIONS_MAX });
} else {
    console.error('usage: server.mjs --http | --http-sessions | --stdio');
    process.exitCode = 2;
}
