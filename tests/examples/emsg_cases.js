// What emsg.js promises to the authors of pages, with a socket that this file plays. Each case has the name of a test
// in emsg_module_test.py and throws when the promise is broken.
const cases = (() => {
  'use strict';

  class FakeSocket {
    constructor(url) {
      if (url === 'bad') throw new SyntaxError('no address');
      this.sent = [];
      FakeSocket.all.push(this);
    }
    send(text) { this.sent.push(text); }
    close() { this.closed = true; }
    // Plays the server.
    say(frame) { this.onmessage({ data: typeof frame === 'object' ? JSON.stringify(frame) : frame }); }
    end(code) { this.onclose({ code: code, reason: '' }); }
    get packets() { return this.sent.filter((text) => text[0] === '{').map((text) => JSON.parse(text)); }
    get acks() { return this.packets.filter((one) => one.envelope.to === 'server_ack').map((one) => one.envelope.id); }
    get chats() { return this.packets.filter((one) => one.payload).map((one) => one.payload.content); }
  }

  const equal = (got, expected) => {
    const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
    if (a !== b) throw new Error('got ' + a + ', expected ' + b);
  };
  // Everything that promises have left to do.
  const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
  const last = () => FakeSocket.all[FakeSocket.all.length - 1];
  const chat = (id, ack, more) => ({ envelope: Object.assign({ id: id, type: 1, from: 'bob@demo', ack: ack }, more),
    payload: { content: id } });

  async function until(condition) {
    for (const end = Date.now() + 5000; !condition();) {
      if (Date.now() > end) throw new Error('never: ' + condition);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  function start(options) {
    FakeSocket.all = [];
    const client = new EmsgClient(Object.assign({ url: 'ws://x/', jid: 'alice@demo', password: 'p',
      WebSocket: FakeSocket, reconnectFirstMs: 2 }, options));
    client.seen = [];
    for (const name of ['state', 'acked', 'failed', 'login']) client.on(name, (...v) => client.seen.push([name, ...v]));
    client.connect();
    return client;
  }

  function answer(packets) {
    last().onopen();
    const id = last().packets[0].envelope.id;
    last().say({ envelope: { id: id, type: 0 }, entity: { result: 'ok' },
      delay: { total: packets.length, packets: packets } });
    return id;
  }

  function refuse(reason) {
    last().onopen();
    last().say({ envelope: { id: 'x', type: 0 }, entity: { result: 'error', reason: reason } });
  }

  return {
    async acknowledges_what_asks_for_it_and_nothing_else() {
      start();
      const login = answer([]);
      last().say(chat('m1', 1));
      last().say(chat('m2', 0));
      last().say({ envelope: { id: 'm3', type: 1, from: 'bob@demo' }, payload: {} });
      last().say({ envelope: { id: 'm4', type: 3, from: 'server_ack', ack: 1 } });
      last().say({ envelope: { id: 'm5', type: 4, ack: 1 }, entity: { result: 'sys_notify', reason: 'x' } });
      last().say(chat('m6', 1, { type: 99 }));
      await settled();
      equal(last().acks, [login, 'm1', 'm6']);
    },

    async acknowledges_after_the_listener_is_done_and_in_order() {
      const done = [];
      const client = start();
      client.on('message', async (packet) => {
        await settled();
        if (packet.envelope.id === 'm1') await settled();
        done.push([packet.envelope.id, last().acks.length]);
      });
      answer([]);
      last().say(chat('m1', 1));
      last().say(chat('m2', 1));
      equal(last().acks.length, 0);
      await until(() => last().acks.length === 3);
      equal(done, [['m1', 1], ['m2', 2]]);
    },

    async a_message_whose_listener_failed_is_not_acknowledged_and_is_taken_when_it_comes_again() {
      let good = false;
      const kept = [];
      const client = start();
      client.on('message', (packet) => {
        if (!good) throw new Error('the disk is full');
        kept.push(packet.envelope.id);
      });
      const login = answer([]);
      last().say(chat('m1', 1));
      await settled();
      equal(last().acks, [login]);
      good = true;
      last().say(chat('m1', 1));
      last().say(chat('m2', 1));
      await settled();
      equal([kept, last().acks], [['m1', 'm2'], [login, 'm1', 'm2']]);
    },

    async a_repeat_is_acknowledged_again_and_not_handed_out_again() {
      const kept = [];
      const client = start({ knownMax: 2 });
      client.on('message', (packet) => kept.push(packet.envelope.from + packet.envelope.id));
      answer([]);
      last().say(chat('m1', 1));
      last().say(chat('m1', 1));
      last().say(chat('m1', 1, { from: 'carol@demo' }));
      last().say(chat('m1', 1));
      await settled();
      equal([kept, last().acks.slice(1)], [['bob@demom1', 'carol@demom1'], ['m1', 'm1', 'm1', 'm1']]);
      last().say(chat('m2', 1)); // the third: the oldest is forgotten
      last().say(chat('m1', 1));
      await settled();
      equal(kept.slice(2), ['bob@demom2', 'bob@demom1']);
    },

    async a_batch_is_acknowledged_once_by_the_id_of_the_login() {
      const kept = [];
      const client = start();
      client.on('message', (packet, how) => kept.push([packet.envelope.id, how.offline]));
      const login = answer([chat('m1', 1), null, chat('m2', 0), { envelope: null }]);
      await settled();
      equal([kept, last().acks], [[['m1', true], ['m2', true]], [login]]);
    },

    async a_batch_with_a_message_that_failed_is_acknowledged_one_by_one() {
      const client = start();
      client.on('message', (packet) => {
        if (packet.envelope.id === 'm2') throw new Error('no');
      });
      answer([chat('m1', 1), chat('m2', 1), chat('m3', 1)]);
      await settled();
      equal(last().acks, ['m1', 'm3']);
    },

    async what_has_no_ack_is_sent_again_in_order_and_with_the_same_id() {
      const client = start();
      const early = client.send('bob@demo', 'written before the login');
      answer([]);
      const second = client.send('bob@demo', 'second');
      client.sendGroup('g1', 'third');
      last().say({ envelope: { id: early, from: 'server_ack', type: 3, ct: '1' } });
      equal(client.unacked, 2);
      const first = last();
      first.end(1006);
      await until(() => last() !== first);
      answer([]);
      equal(last().chats, ['second', 'third']);
      equal(last().packets[1].envelope, { id: second, from: 'alice@demo', ack: 1, type: 1, to: 'bob@demo' });
      equal(client.seen.filter((one) => one[0] === 'acked')[0][1], early);
    },

    async a_message_that_never_gets_its_ack_is_given_up() {
      const client = start({ attemptsMax: 2, reconnectMaxMs: 2 });
      const id = client.send('bob@demo', 'ends every connection');
      for (let i = 0; i < 3; ++i) {
        const socket = last();
        answer([]);
        socket.end(1006);
        await until(() => last() !== socket);
      }
      equal(client.seen.filter((one) => one[0] === 'failed'), [['failed', id, 'no_ack']]);
    },

    async pauses_grow_to_a_limit_with_chance_in_them() {
      const pauses = [];
      const random = Math.random;
      try {
        for (const chance of [0, 0.999999]) {
          Math.random = () => chance;
          const client = start({ reconnectFirstMs: 1000, reconnectMaxMs: 5000 });
          for (let i = 0; i < 5; ++i) {
            last().end(1006);
            client.connect(); // does not wait
          }
          client.disconnect();
          pauses.push(client.seen.filter((one) => one[1] === 'waiting').map((one) => one[2].ms));
        }
      } finally {
        Math.random = random;
      }
      equal(pauses, [[500, 1000, 2000, 2500, 2500], [1000, 2000, 4000, 5000, 5000]]);
    },

    async a_connection_that_does_not_answer_a_heartbeat_is_replaced() {
      const client = start({ heartbeatMs: 5, heartbeatAnswerMs: 15 });
      const first = last();
      answer([]);
      await until(() => first.sent.includes('\u0002'));
      const before = first.sent.filter((text) => text === '\u0002').length;
      for (let i = 0; i < before; ++i) first.say('\\02');
      await until(() => last() !== first);
      equal(first.closed, true);
      equal(client.seen.filter((one) => one[1] === 'waiting')[0][2].reason, 'no answer to a heartbeat');
    },

    async answered_heartbeats_keep_the_connection() {
      const client = start({ heartbeatMs: 2, heartbeatAnswerMs: 150 });
      const rounds = [];
      client.on('heartbeat', (beat) => beat.ms === undefined || rounds.push(beat.ms));
      answer([]);
      const socket = last();
      socket.send = (text) => {
        socket.sent.push(text);
        if (text === '\u0002') setTimeout(() => socket.say('\\02'), 0);
      };
      const began = Date.now();
      await until(() => rounds.length > 10 && Date.now() - began > 400);
      equal([last() === socket, client.state], [true, 'online']);
    },

    async a_server_that_does_not_answer_the_login_is_left() {
      start({ connectTimeoutMs: 5 });
      const first = last();
      first.onopen();
      await until(() => last() !== first);
      equal(first.closed, true);
    },

    async a_refused_login_is_not_tried_again_unless_the_reason_passes() {
      const client = start();
      refuse('store_error');
      equal(client.state, 'waiting');
      await until(() => FakeSocket.all.length === 2);
      refuse('fail_token');
      equal([client.state, last().closed], ['refused', true]);
      last().end(1008); // the server's own end changes nothing
      equal(client.state, 'refused');
    },

    async kill_ends_the_client_and_connect_brings_it_back() {
      const client = start();
      answer([]);
      last().say('\\03');
      last().end(1000);
      equal([client.state, client.heartbeat(), FakeSocket.all.length], ['killed', false, 1]);
      client.connect();
      answer([]);
      equal([client.state, FakeSocket.all.length], ['online', 2]);
    },

    async frames_that_are_no_packets_are_ignored() {
      const client = start();
      answer([]);
      for (const frame of ['', '{', 'null', '[]', '1', '{}', '{"envelope":null}', '{"envelope":7}', '\\04', '\\02']) {
        last().say(frame);
      }
      last().onmessage({ data: new Blob(['x']) });
      await settled();
      equal(client.state, 'online');
    },

    async text_is_made_well_formed_and_long_text_is_refused() {
      const client = start({ frameBytesMax: 300, unackedMax: 2 });
      answer([]);
      client.send('bob@demo', 'half \ud83d, whole \ud83d\ude00');
      equal(last().chats, ['half \ufffd, whole \ud83d\ude00']);
      const fails = (text) => {
        try {
          client.send('bob@demo', text);
          return 'sent';
        } catch (error) {
          return error.message;
        }
      };
      equal([fails('é'.repeat(130)), fails('x'), fails('y')], ['packet_too_large', 'sent', 'queue_full']);
    },

    async a_message_too_large_for_the_server_does_not_end_every_connection() {
      const client = start();
      answer([]);
      client.send('bob@demo', 'small');
      const id = client.send('bob@demo', 'large '.repeat(100));
      const first = last();
      first.end(1009);
      await until(() => last() !== first);
      answer([]);
      equal(last().chats, ['small']);
      equal(client.seen.filter((one) => one[0] === 'failed'), [['failed', id, 'packet_too_large']]);
    },

    async an_address_that_is_none_is_refused_at_once() {
      equal(start({ url: 'bad' }).state, 'refused');
    },
  };
})();
