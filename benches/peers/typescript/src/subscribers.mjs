// Who is told of an update. Streams of the stateless era are the SDK's own; in the handshake era a
// server keeps its list of sessions.

const sessions = new Map();
let notifier = null;

/** Updates are said to the streams that `notify` reaches too. */
export function reach(notify) {
    notifier = notify;
}

/** Lets the client of a session subscribe. */
export function subscribe(session) {
    session.setRequestHandler('resources/subscribe', ({ params: { uri } }) => {
        sessions.set(uri, (sessions.get(uri) ?? new Set()).add(session));
        return {};
    });
    session.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
        sessions.get(uri)?.delete(session);
        return {};
    });
}

/** Forgets a session that ended. */
export function forget(session) {
    sessions.forEach(all => all.delete(session));
}

/** Tells everybody who subscribed to `uri`. */
export async function tell(uri) {
    await notifier?.resourceUpdated(uri);
    const told = [...(sessions.get(uri) ?? [])];
    await Promise.all(told.map(session => session.sendResourceUpdated({ uri })));
}
