// The bytes that a handshake is answered with.
#include <cstdio>

#include "handshake.h"

namespace sara::ws {
namespace {

const char* phraseOf(uint16_t status) noexcept {
    switch (status) {
        case 403:
            return "Forbidden";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 426:
            return "Upgrade Required";
        case 431:
            return "Request Header Fields Too Large";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Bad Request";
    }
}

const char* fieldsOf(uint16_t status) noexcept {
    if (status == 426) return "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    if (status == 405) return "Allow: GET\r\n";
    return "";
}

size_t fit(int written, size_t size) noexcept {
    const size_t n = written < 0 ? 0 : static_cast<size_t>(written);
    return n < size ? n : size - 1;
}

}  // namespace

size_t writeAnswer(const Handshake& h, char (&out)[kAnswerBytesMax]) noexcept {
    if (h.status == 101) {
        return fit(std::snprintf(out, sizeof out,
                                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                                 h.accept),
                   sizeof out);
    }
    const char* const phrase = phraseOf(h.status);
    char page[512];
    const size_t page_bytes = fit(
        std::snprintf(page, sizeof page,
                      "<!doctype html><title>%d %s</title><h1>This is a chat server</h1>"
                      "<p>emsg clients talk to it through a WebSocket on this port; there is no "
                      "page to look at.<p>%.*s.\n",
                      h.status, phrase, static_cast<int>(h.why.size()), h.why.data()),
        sizeof page);
    return fit(std::snprintf(out, sizeof out,
                             "HTTP/1.1 %d %s\r\n%sConnection: %sclose\r\n"
                             "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
                             "Content-Length: %zu\r\n\r\n%s",
                             h.status, phrase, fieldsOf(h.status),
                             h.status == 426 ? "Upgrade, " : "", page_bytes, page),
               sizeof out);
}

}  // namespace sara::ws
