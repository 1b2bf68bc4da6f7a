// The page: forms in, numbers and words out. Decides what a person sees of the client's events; everything about the
// protocol is in emsg.js, everything about lists of messages in conversations.js.
(function () {
  'use strict';

  const kFramesMax = 200; // in the panel, the oldest go first
  const kFrameLettersMax = 2000; // of one frame there
  const at = (id) => document.getElementById(id);
  const counts = { sent: 0, acked: 0, failed: 0, received: 0, offline: 0, group: 0, beats: 0, answers: 0 };
  let client = null;
  let lastState = { name: 'offline', details: {} };

  const conversations = new Conversations(shown, again);

  function remember(name, value) {
    try {
      if (value === undefined) return localStorage.getItem('sara.' + name);
      localStorage.setItem('sara.' + name, value);
    } catch (error) {
      // a page from a file or in a strict browser has no storage; it only forgets
    }
    return null;
  }

  function count(name, more) {
    counts[name] += more === undefined ? 1 : more;
    at('n-' + name).textContent = counts[name];
    at('n-waiting').textContent = client ? client.unacked : 0;
  }

  function title() {
    document.title = (conversations.unread ? '(' + conversations.unread + ') ' : '') + 'sara ' + Words.word('title');
  }

  function banner(text) {
    at('banner').hidden = !text;
    at('banner').textContent = text;
  }

  function state(name, details) {
    lastState = { name: name, details: details };
    const holes = { reason: Words.reason(details.reason || ''), s: Math.ceil((details.ms || 0) / 1000) };
    const working = name !== 'offline' && name !== 'killed' && name !== 'refused';
    at('state').dataset.state = name;
    at('state').textContent = Words.word('state_' + name, holes);
    at('login-form').hidden = working;
    at('logout').hidden = !working;
    at('beat').disabled = name !== 'online';
    if (name === 'online') at('chat').hidden = false;
    if (name === 'killed') banner(Words.word('killed'));
    if (name === 'refused') banner(Words.word('refused', holes));
    if (name === 'connecting') banner('');
  }

  // What a packet has to show, as text, whatever it is.
  function textOf(packet) {
    const payload = packet.payload;
    if (payload && typeof payload.content === 'string') return payload.content;
    return payload === undefined ? '' : JSON.stringify(payload);
  }

  const bare = (jid) => String(jid || '?').split('/')[0];

  function message(packet, how) {
    const envelope = packet.envelope;
    const one = { from: bare(envelope.from), text: textOf(packet), ct: envelope.ct, offline: how.offline };
    if (how.group) conversations.received('group', String(envelope.gid || bare(envelope.to)), one);
    else conversations.received('person', one.from, one);
    count('received');
    if (how.offline) count('offline');
    if (how.group) count('group');
    title();
  }

  function frame(direction, text) {
    const item = document.createElement('li');
    item.className = direction;
    const shown = text === '\u0002' ? '02' : text.slice(0, kFrameLettersMax);
    item.textContent = (direction === 'in' ? '< ' : '> ') + shown;
    at('frames').append(item);
    if (at('frames').children.length > kFramesMax) at('frames').firstChild.remove();
  }

  function listen(one) {
    one.on('state', state).on('message', message).on('frame', frame);
    one.on('acked', (id, info) => {
      conversations.acked(id, info.ms);
      count('acked');
    });
    one.on('failed', (id, reason) => {
      conversations.failed(id, reason);
      count('failed');
    });
    one.on('notice', (reason) => banner(Words.word('notice', { reason: Words.reason(reason) })));
    one.on('heartbeat', (beat) => {
      count(beat.sent ? 'beats' : 'answers');
      if (!beat.sent) at('n-rtt').textContent = beat.ms + ' ms';
    });
  }

  function login(event) {
    event.preventDefault();
    const options = { url: at('server').value.trim(), jid: at('jid').value.trim(), password: at('password').value,
      heartbeatMs: Math.round(Number(at('heartbeat-s').value) * 1000) };
    const before = client && client.options;
    const same = before && before.url === options.url && before.jid === options.jid;
    if (client) client.disconnect();
    if (same) {
      Object.assign(client.options, options); // what has no ack yet leaves with the new login
    } else {
      conversations.clear();
      shown(null);
      client = new EmsgClient(options);
      listen(client);
    }
    remember('server', options.url);
    remember('jid', options.jid);
    client.connect();
  }

  function shown(conversation) {
    at('with').textContent = conversation ? conversation.name : Words.word('nobody');
    if (conversation) at('with').removeAttribute('data-word'); else at('with').dataset.word = 'nobody';
    at('send').disabled = !conversation;
    title();
  }

  function deliver(conversation, text, id) {
    try {
      const more = id ? { id: id } : {};
      const sent = conversation.kind === 'group' ? client.sendGroup(conversation.name, text, more)
        : client.send(conversation.name, text, more);
      conversations.sent(conversation.kind, conversation.name, sent, text);
      count('sent');
      return true;
    } catch (error) {
      banner(Words.reason(error.message)); // too long, or too many wait: the text stays where it is
      return false;
    }
  }

  function again(conversation, id, text) {
    deliver(conversation, text, id);
  }

  function send(event) {
    event.preventDefault();
    const text = at('text').value;
    if (text.trim() === '' || !conversations.current) return;
    banner('');
    if (deliver(conversations.current, text)) at('text').value = '';
    at('text').focus();
  }

  function openConversation(event) {
    event.preventDefault();
    const kind = at('kind').value;
    const name = at('peer').value.trim();
    conversations.open(kind, kind === 'group' ? name : bare(name)); // answers come from the bare address, too
    at('peer').value = '';
    at('text').focus();
  }

  function language(name) {
    Words.speak(name);
    at('language').textContent = Words.language() === 'en' ? '中文' : 'English';
    at('language').lang = Words.language() === 'en' ? 'zh-CN' : 'en';
    if (conversations.current) at('with').textContent = conversations.current.name;
    state(lastState.name, lastState.details);
    title();
  }

  // The fields can be filled from the address: index.html?server=ws://host:4224/&jid=alice@demo. Nothing is sent by
  // that, and a password is never taken from there.
  function prefill() {
    const given = new URLSearchParams(location.search);
    const secure = location.protocol === 'https:';
    const here = (secure ? 'wss://' : 'ws://') + (location.hostname || '127.0.0.1') + (secure ? ':4334/' : ':4224/');
    at('server').value = given.get('server') || remember('server') || here;
    at('jid').value = given.get('jid') || remember('jid') || '';
  }

  at('login-form').addEventListener('submit', login);
  at('open-form').addEventListener('submit', openConversation);
  at('send-form').addEventListener('submit', send);
  at('logout').addEventListener('click', () => client.disconnect());
  at('beat').addEventListener('click', () => client.heartbeat());
  at('language').addEventListener('click', () => {
    const other = Words.language() === 'en' ? 'zh-CN' : 'en';
    remember('language', other);
    language(other);
  });
  at('text').addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) send(event);
  });
  // The network is back, or the person is: no need to wait for the end of a pause, or for the next heartbeat.
  const awake = () => {
    if (client && client.state === 'waiting') client.connect();
    else if (client && !document.hidden) client.heartbeat();
  };
  addEventListener('online', awake);
  document.addEventListener('visibilitychange', awake);
  addEventListener('beforeunload', (event) => {
    if (client && client.unacked > 0) event.preventDefault(); // these messages live on this page only
  });

  prefill();
  language(remember('language') || (/^zh\b/.test(navigator.language) ? 'zh-CN' : 'en'));
})();
