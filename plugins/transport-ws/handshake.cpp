#include "handshake.h"

#include <algorithm>

#include "http_words.h"
#include "websocket_key.h"

namespace sara::ws {
namespace {

// The header fields that matter, and how often each was there.
struct Fields {
    std::string_view key;
    std::string_view version;
    std::string_view origin;
    std::string_view content_length;
    size_t hosts = 0;
    size_t keys = 0;
    size_t versions = 0;
    size_t origins = 0;
    size_t lengths = 0;
    bool transfer_encoding = false;
    bool upgrade = false;     // some Upgrade names websocket
    bool connection = false;  // some Connection names upgrade
};

Handshake refuse(uint16_t status, std::string_view why) noexcept {
    Handshake h;
    h.status = status;
    h.why = why;
    return h;
}

void note(std::string_view name, std::string_view value, Fields& f) noexcept {
    if (sameWord(name, "host")) {
        ++f.hosts;
    } else if (sameWord(name, "upgrade")) {
        f.upgrade |= listHas(value, "websocket");
    } else if (sameWord(name, "connection")) {
        f.connection |= listHas(value, "upgrade");
    } else if (sameWord(name, "sec-websocket-key")) {
        ++f.keys;
        f.key = value;
    } else if (sameWord(name, "sec-websocket-version")) {
        ++f.versions;
        f.version = value;
    } else if (sameWord(name, "origin")) {
        ++f.origins;
        f.origin = value;
    } else if (sameWord(name, "content-length")) {
        ++f.lengths;
        f.content_length = value;
    } else if (sameWord(name, "transfer-encoding")) {
        f.transfer_encoding = true;
    }
}

// Cuts the first line off; head keeps what is behind it.
std::string_view nextLine(std::string_view& head) noexcept {
    const size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
    return line;
}

// status 0: the line is fine.
Handshake judgeRequestLine(std::string_view line, bool& old_http) noexcept {
    const size_t first = line.find(' ');
    const size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return refuse(400, "the first line is not: GET path HTTP/1.1");
    }
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (!isToken(method)) return refuse(400, "the method is not a word");
    if (!isTarget(target)) return refuse(400, "the path is empty or has characters of no URL");
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        return refuse(505, "only HTTP/1.1 is spoken here");
    }
    old_http = version == "HTTP/1.0";
    if (method != "GET") return refuse(405, "a WebSocket begins with GET");
    return {};
}

Handshake judgeHeaders(std::string_view head, Fields& f) noexcept {
    size_t count = 0;
    for (std::string_view line = nextLine(head); !line.empty(); line = nextLine(head)) {
        if (++count > kHandshakeHeadersMax) return refuse(431, "too many header fields");
        const size_t colon = line.find(':');
        if (colon == std::string_view::npos || !isToken(line.substr(0, colon))) {
            return refuse(400, "a header line is not: name: value");
        }
        const std::string_view value = trimmed(line.substr(colon + 1));
        if (!isFieldValue(value)) return refuse(400, "a header value has control characters");
        note(line.substr(0, colon), value, f);
    }
    return {};
}

}  // namespace

bool Origins::read(std::string_view words, std::string& error) {
    while (!words.empty()) {
        const size_t begin = words.find_first_not_of(" ,\t");
        if (begin == std::string_view::npos) break;
        words.remove_prefix(begin);
        const size_t end = std::min(words.find_first_of(" ,\t"), words.size());
        std::string word(words.substr(0, end));
        words.remove_prefix(end);
        std::transform(word.begin(), word.end(), word.begin(), lowerCase);
        const size_t scheme = word.find("://");
        if (scheme == std::string::npos || scheme == 0 || scheme + 3 == word.size() ||
            word.find('/', scheme + 3) != std::string::npos) {
            error = "origins: \"" + word +
                    "\" is none: expected scheme://host or scheme://host:port, without a path";
            return false;
        }
        allowed_.push_back(std::move(word));
    }
    return true;
}

bool Origins::allows(std::string_view origin) const noexcept {
    if (allowed_.empty()) return true;
    return std::any_of(allowed_.begin(), allowed_.end(),
                       [&](const std::string& a) { return sameWord(origin, a); });
}

Head findHead(const uint8_t* p, size_t size, size_t seen) noexcept {
    if (size > 0 && !isTokenChar(static_cast<char>(p[0]))) return {Head::State::kBroken, 0};
    for (size_t i = seen; i < size; ++i) {
        if (p[i] == 0) return {Head::State::kBroken, 0};
        if (p[i] != '\n') continue;
        if (i == 0 || p[i - 1] != '\r') return {Head::State::kBroken, 0};
        if (i >= 3 && p[i - 2] == '\n') return {Head::State::kWhole, i + 1};
    }
    return {};
}

Handshake judge(std::string_view head, const Origins& origins) noexcept {
    bool old_http = false;
    Handshake line = judgeRequestLine(nextLine(head), old_http);
    if (line.status != 0) return line;
    Fields f;
    Handshake fields = judgeHeaders(head, f);
    if (fields.status != 0) return fields;
    const bool empty_body = f.lengths == 0 || (f.lengths == 1 && f.content_length == "0");
    if (f.transfer_encoding || !empty_body) return refuse(400, "a WebSocket begins without a body");
    if (!f.upgrade || old_http) return refuse(426, "this port speaks WebSocket");
    if (f.hosts != 1) return refuse(400, "expected one Host header");
    if (!f.connection) return refuse(400, "expected the header Connection: Upgrade");
    if (f.versions != 1 || f.version != "13") {
        return refuse(426, "expected one header Sec-WebSocket-Version: 13");
    }
    if (f.keys != 1 || !isWebSocketKey(f.key)) {
        return refuse(400, "expected one header Sec-WebSocket-Key: 16 bytes in base64");
    }
    if (f.origins > 1) return refuse(400, "expected at most one Origin header");
    if (f.origins == 1 && !origins.allows(f.origin)) {
        return refuse(403, "pages of this origin may not connect");
    }
    Handshake h;
    h.status = 101;
    answerKey(f.key, h.accept);
    return h;
}

}  // namespace sara::ws
