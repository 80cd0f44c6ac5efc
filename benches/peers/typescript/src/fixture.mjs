// The fixture every peer offers, with schemas in zod as the SDK's documentation writes them.
//
// The SDK wants a server for each request or session, so what needs no request is made once:
// schemas, texts, the pool.

import { inputRequired, inputResponse, McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

import { forms } from './forms.mjs';
import { onPool } from './pool.mjs';
import { tell, subscribe } from './subscribers.mjs';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';
const KIND = 'text/plain';

const message = z.object({ message: z.string() });
const shapes = {
    message,
    add: z.object({ a: z.int(), b: z.int() }),
    sleep: z.object({ ms: z.int().min(0) }),
    update: z.object({ uri: z.string() }),
    steps: z.object({ steps: z.int().min(0) }),
    prompt: z.object({ prompt: z.string() }),
    ten: variables(10),
    fifty: variables(50)
};

const resources = [
    ['bench:///left', 'left', 'left'],
    ['bench:///right', 'right', 'right'],
    ...Array.from({ length: 8 }, (_, at) => [
        `bench:///item/${at}`,
        `item ${at}`,
        `item ${at}: ${ALPHABET.repeat(7)}`
    ])
];

const text = said => ({ content: [{ type: 'text', text: said }] });

function variables(count) {
    const names = Array.from({ length: count }, (_, at) => `a${String(at).padStart(2, '0')}`);
    return z.object(Object.fromEntries(names.map(name => [name, z.string()])));
}

/** A server that offers everything; `context` says which era it will serve. */
export function fixture(context) {
    const capabilities = { resources: { subscribe: true } };
    const server = new McpServer({ name: 'peer', version: '1' }, { capabilities });
    tools(server);
    callbacks(server);
    for (const [uri, name, said] of resources) {
        const contents = [{ uri, mimeType: KIND, text: said }];
        server.registerResource(name, uri, { mimeType: KIND }, () => ({ contents }));
    }
    prompts(server);
    if (context.era === 'legacy') {
        subscribe(server.server);
    }
    return server;
}

function tools(server) {
    const tool = (name, inputSchema, call) => server.registerTool(name, { inputSchema }, call);
    tool('echo', shapes.message, ({ message }) => text(message));
    tool('echo_pooled', shapes.message, async ({ message }) => text(await onPool('echo', message)));
    tool('add', shapes.add, ({ a, b }) => text(String(a + b)));
    for (const { name, shape, summary } of forms) {
        tool(name, shape, form => text(summary(form)));
    }
    tool('sleep', shapes.sleep, async ({ ms }) => text(await onPool('sleep', ms)));
}

/** Tools that say something to the client before they answer. */
function callbacks(server) {
    const tool = (name, inputSchema, call) => server.registerTool(name, { inputSchema }, call);
    tool('update_resource', shapes.update, async ({ uri }) => {
        await tell(uri);
        return text('updated');
    });
    tool('count_up', shapes.steps, async ({ steps }, { mcpReq }) => {
        const progressToken = mcpReq._meta?.progressToken;
        for (let progress = 1; progressToken !== undefined && progress <= steps; progress += 1) {
            const params = { progressToken, progress, total: steps };
            await mcpReq.notify({ method: 'notifications/progress', params });
        }
        return text(`counted ${steps}`);
    });
    tool('ask_model', shapes.prompt, ({ prompt }, { mcpReq }) => {
        const reply = inputResponse(mcpReq.inputResponses, 'model');
        if (reply.kind === 'sampling') {
            const { content } = reply.result;
            return text((Array.isArray(content) ? content[0] : content).text);
        }
        const messages = [{ role: 'user', content: { type: 'text', text: prompt } }];
        const model = inputRequired.createMessage({ messages, maxTokens: 100 });
        return inputRequired({ inputRequests: { model } });
    });
}

function prompts(server) {
    const said = text => ({ messages: [{ role: 'user', content: { type: 'text', text } }] });
    server.registerPrompt('prompt_simple', {}, () => said('Summarize what was said so far.'));
    const repeating = { prompt_medium: shapes.ten, prompt_complex: shapes.fifty };
    for (const [name, argsSchema] of Object.entries(repeating)) {
        server.registerPrompt(name, { argsSchema }, values =>
            said(Object.entries(values).map(([name, value]) => `${name}=${value}`).join('; '))
        );
    }
}
