// emsg over WebSocket for browsers: one file, no dependencies, works from a plain <script> and with require().
//
// Decides when to log in, what to acknowledge, what to send again, and when to leave the server alone. Refuses to
// show anything: it knows no page. The protocol is written down in docs/wire.md.
//
//   const client = new EmsgClient({ url: 'ws://127.0.0.1:4224/', jid: 'alice@demo', password: 'secret' });
//   client.on('message', (packet, how) => store(packet));   // may be async; the ack goes out when it is done
//   client.on('acked', (id) => markAsSafe(id));
//   client.connect();
//   const id = client.send('bob@demo', 'hello');            // a group: client.sendGroup('g1', 'hello')
//
// Events, and what their listeners get:
//   state      name, details      offline | connecting | login | online | waiting | killed | refused
//   login      {offline}          logged in; so many messages waited
//   message    packet, how        how: {offline, group, system}. A listener that throws (or rejects) keeps the
//                                 packet from being acknowledged, so the server sends it again after the next login
//   acked      id, {ct, ms}       the server answers for the message: the receiver has it, or it is on disk
//   failed     id, reason         the server refused it, or it cannot be sent; it will not be sent again
//   notice     reason, id         what the server has to say about a packet (also about one that nobody waits for)
//   heartbeat  {ms} or {sent}     an answer with its round trip, or one that has just left
//   frame      direction, text    each frame, 'in' or 'out'; passwords are blanked
(function (root) {
  'use strict';

  const HEARTBEAT = '\u0002';
  const TYPE = Object.freeze({ LOGIN: 0, CHAT: 1, GROUP: 2, STATE: 3, SYSTEM: 4, SOUND: 5, VIDEO: 6, PUBSUB: 7 });

  const DEFAULTS = Object.freeze({
    url: '',
    jid: '',
    password: '',
    heartbeatMs: 50000, // the server's patience is 100 s
    heartbeatAnswerMs: 20000, // one that has no answer for so long: the connection is dead
    connectTimeoutMs: 10000, // from connect() to the answer to the login
    reconnectFirstMs: 1000, // doubles with each failure, half of it by chance
    reconnectMaxMs: 60000,
    unackedMax: 1000, // messages that may wait for their ack
    attemptsMax: 8, // logins after which a message that never got one is given up
    frameBytesMax: 1048576, // the server ends a connection that sends more
    knownMax: 2000, // last messages remembered, to drop repeats
    WebSocket: root.WebSocket,
  });

  // Refusals of a login after which the same login can still succeed.
  const PASSING_REASONS = new Set(['timeout', 'store_error', 'busy']);

  function uuid() {
    const crypto = root.crypto;
    if (crypto.randomUUID) return crypto.randomUUID(); // only on https, localhost and file pages
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  // Half a pair of surrogates is no text; the server ends connections over invalid JSON.
  function wellFormed(text) {
    return String(text).replace(/\p{Surrogate}/gu, '\ufffd');
  }

  class EmsgClient {
    constructor(options) {
      this.options = Object.assign({}, DEFAULTS, options);
      this.state = 'offline';
      this._listeners = new Map();
      this._unacked = new Map(); // id -> {text, bytes, attempts, sentAt}, in the order of sending
      this._known = new Map(); // "from id" of what has been handled; a Map forgets its oldest first
      this._inbox = Promise.resolve(); // messages are handled one after the other
      this._socket = null;
      this._failures = 0;
      this._timers = {};
    }

    // Calls listener for each event of that name. Returns the client.
    on(event, listener) {
      if (!this._listeners.has(event)) this._listeners.set(event, []);
      this._listeners.get(event).push(listener);
      return this;
    }

    // Starts, or tries again at once. Also the way back after kill and after a refusal.
    connect() {
      if (this._socket) return;
      this._clearTimers();
      this._open();
    }

    // Ends for good. What has no ack stays, and leaves after the next connect().
    disconnect() {
      this._drop();
      this._failures = 0;
      this._become('offline');
    }

    // Sends text to a person. Returns the id that 'acked' or 'failed' will name. Throws RangeError when the message
    // is too long or too many wait already. more: {type, attrs, id}; the id of a message that failed makes it a repeat.
    send(to, text, more) {
      return this._send(Object.assign({ type: TYPE.CHAT, to: wellFormed(to) }, this._pick(more)), text, more);
    }

    // The same to all other members of a group.
    sendGroup(gid, text, more) {
      return this._send(Object.assign({ type: TYPE.GROUP, gid: wellFormed(gid) }, this._pick(more)), text, more);
    }

    // One heartbeat now; they also leave by themselves. Returns false when not logged in.
    heartbeat() {
      if (this.state !== 'online') return false;
      this._beats.push(Date.now());
      if (this._beats.length === 1) this._awaitAnswer();
      this._write(HEARTBEAT);
      this._emit('heartbeat', { sent: true });
      return true;
    }

    // How many messages have no ack yet.
    get unacked() {
      return this._unacked.size;
    }

    _pick(more) {
      return more && more.type !== undefined ? { type: more.type } : {};
    }

    _send(target, text, more) {
      const id = (more && more.id) || uuid();
      const payload = { content: wellFormed(text) };
      if (more && more.attrs) payload.attrs = more.attrs;
      const envelope = Object.assign({ id: id, from: this.options.jid, ack: 1 }, target);
      const frame = JSON.stringify({ envelope: envelope, payload: payload, vsn: '0.0.1' });
      const bytes = new TextEncoder().encode(frame).length;
      if (bytes > this.options.frameBytesMax) throw new RangeError('packet_too_large');
      if (!this._unacked.has(id) && this._unacked.size >= this.options.unackedMax) throw new RangeError('queue_full');
      const entry = { text: frame, bytes: bytes, attempts: 0, sentAt: 0 };
      this._unacked.set(id, entry);
      if (this.state === 'online') this._transmit(entry);
      return id;
    }

    _transmit(entry) {
      entry.attempts += 1;
      entry.sentAt = Date.now();
      this._write(entry.text);
    }

    _open() {
      this._become('connecting');
      let socket;
      try {
        socket = new this.options.WebSocket(this.options.url);
      } catch (error) {
        this._become('refused', { reason: 'bad_url' }); // not an address of WebSocket, or the page may not
        return;
      }
      this._socket = socket;
      this._loginId = uuid();
      this._beats = [];
      socket.onopen = () => this._login();
      socket.onmessage = (event) => {
        if (socket === this._socket) this._receive(event.data);
      };
      socket.onclose = (event) => {
        if (socket !== this._socket) return;
        if (event.code === 1009) this._failLargest();
        this._lost(event.reason || 'closed ' + event.code);
      };
      this._timers.login = setTimeout(() => this._lost('timeout'), this.options.connectTimeoutMs);
    }

    _login() {
      const envelope = { id: this._loginId, type: TYPE.LOGIN, jid: this.options.jid, pwd: this.options.password };
      this._become('login');
      this._write(JSON.stringify({ envelope: envelope, vsn: '0.0.1' }),
        JSON.stringify({ envelope: Object.assign({}, envelope, { pwd: '***' }), vsn: '0.0.1' }));
    }

    _receive(data) {
      if (typeof data !== 'string') return; // the server writes text only
      this._emit('frame', 'in', data);
      if (data === '\\02' || data === HEARTBEAT) return this._heartbeatAnswer();
      if (data === '\\03' || data === '\u0003') {
        this._drop();
        this._become('killed'); // somebody logged in elsewhere: to come back would throw him out again
        return;
      }
      let packet;
      try {
        packet = JSON.parse(data);
      } catch (error) {
        return; // a client ignores what it does not know
      }
      const envelope = packet && packet.envelope;
      if (!envelope || typeof envelope !== 'object') return;
      if (envelope.type === TYPE.LOGIN) this._loginAnswer(packet);
      else if (envelope.type === TYPE.STATE && envelope.from === 'server_ack') this._acked(envelope);
      else if (envelope.type === TYPE.SYSTEM && packet.entity && packet.entity.result === 'sys_notify') {
        this._notice(envelope.id, String(packet.entity.reason));
      } else this._message(packet, false);
    }

    _awaitAnswer() {
      clearTimeout(this._timers.answer);
      if (this._beats.length === 0) return;
      const left = this._beats[0] + this.options.heartbeatAnswerMs - Date.now();
      this._timers.answer = setTimeout(() => this._lost('no answer to a heartbeat'), left);
    }

    _heartbeatAnswer() {
      const sentAt = this._beats.shift(); // the server answers one for one and in order
      this._awaitAnswer();
      if (sentAt !== undefined) this._emit('heartbeat', { ms: Date.now() - sentAt });
    }

    _loginAnswer(packet) {
      const entity = packet.entity || {};
      if (entity.result !== 'ok') {
        const reason = String(entity.reason || 'error');
        if (PASSING_REASONS.has(reason)) return this._lost(reason);
        this._drop();
        this._become('refused', { reason: reason });
        return;
      }
      if (this.state !== 'login') return;
      clearTimeout(this._timers.login);
      this._failures = 0;
      const waited = (packet.delay && Array.isArray(packet.delay.packets) && packet.delay.packets) || [];
      const batch = waited.filter((one) => one && typeof one.envelope === 'object' && one.envelope);
      this._become('online');
      this._timers.heartbeat = setInterval(() => this.heartbeat(), this.options.heartbeatMs);
      this._emit('login', { offline: batch.length });
      this._batch(batch);
      this._resend();
    }

    // What waited is acknowledged as a whole, by the id of the login; when a listener failed, one by one.
    _batch(packets) {
      const handled = packets.map((packet) => this._message(packet, true));
      const socket = this._socket;
      const login = this._loginId;
      this._inbox = this._inbox.then(() => Promise.all(handled)).then((results) => {
        if (results.every(Boolean)) return this._ack(socket, login);
        results.forEach((ok, i) => ok && this._ack(socket, packets[i].envelope.id));
      });
    }

    _resend() {
      for (const [id, entry] of Array.from(this._unacked)) {
        if (entry.attempts < this.options.attemptsMax) this._transmit(entry);
        else this._fail(id, 'no_ack');
      }
    }

    // Hands the packet to the listeners, after those before it. Resolves to: may it be acknowledged?
    _message(packet, offline) {
      const envelope = packet.envelope;
      const socket = this._socket;
      const key = (envelope.from || '') + ' ' + envelope.id;
      const how = { offline: offline, group: envelope.type === TYPE.GROUP, system: envelope.type === TYPE.SYSTEM };
      const done = this._inbox.then(async () => {
        if (envelope.id === undefined || !this._known.has(key)) {
          for (const listener of this._listeners.get('message') || []) await listener(packet, how);
          this._known.set(key, true);
          if (this._known.size > this.options.knownMax) this._known.delete(this._known.keys().next().value);
        }
        if (!offline && envelope.ack && envelope.id) this._ack(socket, envelope.id); // a repeat gets its ack too
        return true;
      }).catch((error) => {
        console.error('emsg: a message was not handled and will come again', error);
        return false;
      });
      this._inbox = done;
      return done;
    }

    _ack(socket, id) {
      if (socket !== this._socket || this.state !== 'online') return; // it comes again after the next login
      this._write(JSON.stringify({ envelope: { id: id, from: this.options.jid, to: 'server_ack', type: TYPE.STATE } }));
    }

    _acked(envelope) {
      const entry = this._unacked.get(envelope.id);
      if (!entry) return;
      this._unacked.delete(envelope.id);
      this._emit('acked', envelope.id, { ct: envelope.ct, ms: Date.now() - entry.sentAt });
    }

    _notice(id, reason) {
      this._emit('notice', reason, id);
      if (this._unacked.has(id)) this._fail(id, reason);
    }

    _fail(id, reason) {
      this._unacked.delete(id);
      this._emit('failed', id, reason);
    }

    // The server has a smaller limit than we know, and did not read the id. Without this the same message would end
    // each connection.
    _failLargest() {
      let largest = '';
      for (const [id, entry] of this._unacked) {
        if (largest === '' || entry.bytes > this._unacked.get(largest).bytes) largest = id;
      }
      if (largest !== '') this._fail(largest, 'packet_too_large');
    }

    _write(text, shown) {
      this._socket.send(text);
      this._emit('frame', 'out', shown === undefined ? text : shown);
    }

    // The connection is gone or dead: another one after a pause that grows, with some chance in it, so that a
    // server that comes back does not meet everybody at once.
    _lost(reason) {
      this._drop();
      const full = Math.min(this.options.reconnectMaxMs,
        this.options.reconnectFirstMs * 2 ** Math.min(this._failures, 16));
      const pause = Math.round(full * (0.5 + Math.random() / 2));
      this._failures += 1;
      this._timers.reconnect = setTimeout(() => this._open(), pause);
      this._become('waiting', { reason: reason, ms: pause });
    }

    _drop() {
      this._clearTimers();
      const socket = this._socket;
      this._socket = null;
      if (socket) socket.close();
    }

    _clearTimers() {
      clearTimeout(this._timers.login);
      clearTimeout(this._timers.reconnect);
      clearTimeout(this._timers.answer);
      clearInterval(this._timers.heartbeat);
    }

    _become(state, details) {
      this.state = state;
      this._emit('state', state, details || {});
    }

    _emit(event, ...values) {
      for (const listener of this._listeners.get(event) || []) listener(...values);
    }
  }

  EmsgClient.TYPE = TYPE;
  if (typeof module !== 'undefined' && module.exports) module.exports = { EmsgClient: EmsgClient };
  else root.EmsgClient = EmsgClient;
})(typeof self !== 'undefined' ? self : globalThis);
