// The conversations of the page: one list of messages for each person and each group, one of them shown. Decides how
// much is kept and how a message looks; refuses to read any of it as markup (textContent only).
(function (root) {
  'use strict';

  const kMessagesMax = 500; // per conversation, the oldest go first
  const kConversationsMax = 100;

  class Conversations {
    // shown(conversation): called when another one is on the screen. again(conversation, id, text): a person wants to
    // send a refused message once more.
    constructor(shown, again) {
      this._shown = shown;
      this._again = again;
      this._all = new Map(); // "kind name" -> {kind, name, list, button, unread}
      this._own = new Map(); // id -> the element of a message of ours
      this.current = null;
    }

    clear() {
      for (const one of this._all.values()) this._remove(one);
      this.current = null;
    }

    open(kind, name) {
      const one = this._find(kind, name);
      if (this.current) {
        this.current.list.hidden = true;
        this.current.button.removeAttribute('aria-current');
      }
      this.current = one;
      one.list.hidden = false;
      one.button.setAttribute('aria-current', 'true');
      this._unread(one, 0);
      this._scroll();
      this._shown(one);
    }

    // A message that came. Opens its conversation when there is none on the screen.
    received(kind, name, message) {
      const one = this._find(kind, name);
      const item = this._item(message, 'theirs');
      if (message.offline) this._line(item, 'away', Words.word('away'));
      this._append(one, item);
      if (!this.current) this.open(kind, name);
      else if (one !== this.current) this._unread(one, one.unread + 1);
    }

    // A message of ours, on its way.
    sent(kind, name, id, text) {
      const one = this._find(kind, name);
      let item = this._own.get(id);
      if (!item) {
        item = this._item({ text: text, ct: String(Date.now()) }, 'mine');
        item.dataset.id = id;
        this._own.set(id, item);
        this._append(one, item);
      }
      this._mark(item, 'waiting', Words.word('mark_waiting'));
    }

    acked(id, ms) {
      const item = this._own.get(id);
      if (item) this._mark(item, 'acked', '✓ ' + Words.word('mark_acked', { ms: ms }));
      this._own.delete(id);
    }

    failed(id, reason) {
      const item = this._own.get(id);
      if (!item) return;
      this._mark(item, 'failed', '✗ ' + Words.word('mark_failed', { reason: Words.reason(reason) }));
      const one = Array.from(this._all.values()).find((conversation) => conversation.list === item.parentNode);
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'again';
      button.textContent = Words.word('again');
      button.onclick = () => this._again(one, id, item.querySelector('.text').textContent);
      item.querySelector('.mark').append(' ', button);
    }

    get unread() {
      let sum = 0;
      for (const one of this._all.values()) sum += one.unread;
      return sum;
    }

    _find(kind, name) {
      const key = kind + ' ' + name;
      let one = this._all.get(key);
      if (one) return one;
      const list = document.createElement('ol');
      list.hidden = true;
      list.setAttribute('role', 'log');
      list.tabIndex = 0;
      const button = document.createElement('button');
      button.type = 'button';
      button.onclick = () => this.open(kind, name);
      one = { kind: kind, name: name, list: list, button: button, unread: 0 };
      this._all.set(key, one);
      document.getElementById('messages').append(list);
      document.getElementById('conversations').append(button);
      this._unread(one, 0);
      if (this._all.size > kConversationsMax) {
        this._remove(Array.from(this._all.values()).find((other) => other !== this.current && other !== one));
      }
      return one;
    }

    _remove(one) {
      for (const item of Array.from(one.list.children)) this._own.delete(item.dataset.id);
      this._all.delete(one.kind + ' ' + one.name);
      one.list.remove();
      one.button.remove();
    }

    _unread(one, count) {
      one.unread = count;
      one.button.textContent = (one.kind === 'group' ? '# ' : '') + one.name + (count ? ' (' + count + ')' : '');
      one.button.classList.toggle('unread', count > 0);
    }

    _item(message, side) {
      const item = document.createElement('li');
      item.className = side;
      if (message.from) this._line(item, 'from', message.from);
      this._line(item, 'text', message.text);
      const time = this._line(item, 'time', '', 'time');
      const when = new Date(Number(message.ct));
      if (!Number.isNaN(when.getTime())) {
        time.dateTime = when.toISOString();
        time.textContent = when.toLocaleTimeString(Words.language(), { hour: '2-digit', minute: '2-digit' });
      }
      return item;
    }

    _line(item, name, text, tag) {
      const line = document.createElement(tag || 'span');
      line.className = name;
      line.textContent = text;
      item.append(line);
      return line;
    }

    _mark(item, state, text) {
      const mark = item.querySelector('.mark') || this._line(item, 'mark', '');
      item.dataset.state = state;
      mark.textContent = text;
    }

    _append(one, item) {
      const box = document.getElementById('messages');
      const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 60 || item.className === 'mine';
      one.list.append(item);
      if (one.list.children.length > kMessagesMax) {
        this._own.delete(one.list.firstChild.dataset.id);
        one.list.firstChild.remove();
      }
      if (one === this.current && atEnd) this._scroll();
    }

    _scroll() {
      const box = document.getElementById('messages');
      box.scrollTop = box.scrollHeight;
    }
  }

  root.Conversations = Conversations;
})(self);
