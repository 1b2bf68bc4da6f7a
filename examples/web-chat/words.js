// The words of the page in English and Chinese. Decides what is written, refuses to know what it is written about.
(function (root) {
  'use strict';

  const WORDS = {
    en: {
      title: 'web chat', login_title: 'Log in', server: 'Server', jid: 'Your address', password: 'Password',
      heartbeat_every: 'Heartbeat every (s)', login: 'Log in', logout: 'Log out', talk_to: 'Talk to', kind: 'Kind',
      person: 'Person', group: 'Group', open: 'Open', nobody: 'Nobody yet', message: 'Message', send: 'Send',
      message_hint: 'Enter sends, Shift+Enter begins a new line', conversations: 'Conversations', numbers: 'Numbers',
      n_sent: 'Sent', n_acked: 'Safe', n_waiting: 'Waiting', n_failed: 'Refused', n_received: 'Received',
      n_offline: 'Came while away', n_group: 'In groups', n_beats: 'Heartbeats', n_rtt: 'Round trip',
      beat: 'Heartbeat now', frames: 'Raw frames',
      state_offline: 'offline', state_connecting: 'connecting …', state_login: 'logging in …', state_online: 'online',
      state_waiting: 'connection lost ({reason}), next try in {s} s', state_killed: 'logged in elsewhere',
      state_refused: 'login refused: {reason}',
      killed: 'You logged in somewhere else. This page stays out until you log in here again.',
      refused: 'The server refused the login: {reason}', notice: 'The server says: {reason}',
      mark_waiting: 'on its way', mark_acked: 'safe, {ms} ms', mark_failed: 'refused: {reason}', again: 'Send again',
      away: 'while you were away', reason_fail_token: 'wrong password', reason_fail_param: 'not a good address',
      reason_fail_packet: 'not an address', reason_bad_url: 'not a WebSocket address this page may open',
      reason_group_notfound: 'no such group', reason_no_permission: 'not allowed', reason_queue_full: 'too many wait',
      reason_packet_too_large: 'too long', reason_no_ack: 'no answer', reason_error_jid: 'not an address',
      reason_backlog_full: 'too much waits for them', reason_timeout: 'no answer in time',
      reason_busy: 'busy, try again', reason_store_error: 'cannot be stored now, try again',
    },
    'zh-CN': {
      title: '网页聊天', login_title: '登录', server: '服务器', jid: '你的地址', password: '密码',
      heartbeat_every: '心跳间隔(秒)', login: '登录', logout: '退出', talk_to: '聊天对象', kind: '类型',
      person: '个人', group: '群组', open: '打开', nobody: '还没有会话', message: '消息', send: '发送',
      message_hint: '回车发送,Shift+回车换行', conversations: '会话', numbers: '统计',
      n_sent: '已发送', n_acked: '已确认', n_waiting: '等待确认', n_failed: '被拒绝', n_received: '已收到',
      n_offline: '离线消息', n_group: '群消息', n_beats: '心跳', n_rtt: '往返时间',
      beat: '立即心跳', frames: '原始数据帧',
      state_offline: '离线', state_connecting: '连接中 …', state_login: '登录中 …', state_online: '在线',
      state_waiting: '连接断开({reason}),{s} 秒后重试', state_killed: '已在别处登录',
      state_refused: '登录被拒绝:{reason}',
      killed: '你的账号已在别处登录。本页不会自动重连,需要时请重新登录。',
      refused: '服务器拒绝登录:{reason}', notice: '服务器通知:{reason}',
      mark_waiting: '发送中', mark_acked: '已确认,{ms} 毫秒', mark_failed: '被拒绝:{reason}', again: '重发',
      away: '离线期间', reason_fail_token: '密码错误', reason_fail_param: '地址不合规范',
      reason_fail_packet: '地址无效', reason_bad_url: '本页无法打开这个 WebSocket 地址',
      reason_group_notfound: '群组不存在', reason_no_permission: '没有权限', reason_queue_full: '等待的消息太多',
      reason_packet_too_large: '消息太长', reason_no_ack: '没有应答', reason_error_jid: '地址无效',
      reason_backlog_full: '对方的离线消息已满', reason_timeout: '超时',
      reason_busy: '服务器忙,请重试', reason_store_error: '暂时无法保存,请重试',
    },
  };

  let language = 'en';

  // The words for name, with {holes} filled. A reason without words of its own is shown as the server wrote it.
  function word(name, holes) {
    let text = WORDS[language][name] || WORDS.en[name] || name;
    for (const hole of Object.keys(holes || {})) text = text.replace('{' + hole + '}', () => String(holes[hole]));
    return text;
  }

  function reason(name) {
    return WORDS[language]['reason_' + name] || name;
  }

  // Rewrites everything on the page that has a data-word, data-hint or data-label.
  function speak(name) {
    language = WORDS[name] ? name : 'en';
    document.documentElement.lang = language;
    for (const element of document.querySelectorAll('[data-word]')) element.textContent = word(element.dataset.word);
    for (const element of document.querySelectorAll('[data-hint]')) element.placeholder = word(element.dataset.hint);
    for (const element of document.querySelectorAll('[data-label]')) {
      element.setAttribute('aria-label', word(element.dataset.label));
    }
  }

  root.Words = { word: word, reason: reason, speak: speak, language: () => language, all: WORDS };
})(self);
