// The opening handshake: which request becomes a WebSocket, and what every other one is told.
#include "handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "http_words.h"
#include "websocket_key.h"

namespace sara::ws {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Field = std::pair<std::string, std::string>;

// A good request; tests change one thing.
struct Request {
    std::string line = "GET / HTTP/1.1";
    std::vector<Field> fields = {{"Host", "chat.example.org"},
                                 {"Upgrade", "websocket"},
                                 {"Connection", "Upgrade"},
                                 {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                                 {"Sec-WebSocket-Version", "13"}};

    Request first(std::string text) && {
        line = std::move(text);
        return std::move(*this);
    }
    Request with(const std::string& name, const std::string& value) && {
        for (Field& f : fields) {
            if (f.first != name) continue;
            f.second = value;
            return std::move(*this);
        }
        fields.emplace_back(name, value);
        return std::move(*this);
    }
    Request also(const std::string& name, const std::string& value) && {
        fields.emplace_back(name, value);
        return std::move(*this);
    }
    Request without(const std::string& name) && {
        std::erase_if(fields, [&](const Field& f) { return f.first == name; });
        return std::move(*this);
    }
    std::string text() const {
        std::string out = line + "\r\n";
        for (const Field& f : fields) out += f.first + ": " + f.second + "\r\n";
        return out + "\r\n";
    }
};

struct HandshakeCase {
    std::string name;
    std::string text;
    int status;
    std::string origins = {};
};

std::string raw(const std::string& line) {
    const std::string good = Request().text();
    return good.substr(0, good.size() - 2) + line + "\r\n\r\n";
}

Request good() { return {}; }

std::vector<HandshakeCase> lineCases() {
    const auto line = [](const std::string& s) { return good().first(s).text(); };
    return {
        {"TheRequestOfTheRfc",
         "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: "
         "Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: "
         "http://example.com\r\nSec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: "
         "13\r\n\r\n",
         101},
        {"AnyPath", line("GET /any/path HTTP/1.1"), 101},
        {"AnyQuery", line("GET /any/path?x=1&y=%20 HTTP/1.1"), 101},
        {"AbsoluteTarget", line("GET ws://chat.example.org/ HTTP/1.1"), 101},
        {"PostIsRefused", line("POST / HTTP/1.1"), 405},
        {"HeadIsRefused", line("HEAD / HTTP/1.1"), 405},
        {"OptionsIsRefused", line("OPTIONS * HTTP/1.1"), 405},
        {"ConnectIsRefused", line("CONNECT a:1 HTTP/1.1"), 405},
        {"LowerCaseGetIsRefused", line("get / HTTP/1.1"), 405},
        {"MethodWithASlashIsRefused", line("G/T / HTTP/1.1"), 400},
        {"NoMethodIsRefused", line(" / HTTP/1.1"), 400},
        {"NoTargetIsRefused", line("GET HTTP/1.1"), 400},
        {"EmptyTargetIsRefused", line("GET  HTTP/1.1"), 400},
        {"BlankInTheTargetIsRefused", line("GET /a b HTTP/1.1"), 400},
        {"TabInTheTargetIsRefused", line("GET /a\tb HTTP/1.1"), 400},
        {"Utf8InTheTargetIsRefused", line("GET /\xc3\xa4 HTTP/1.1"), 400},
        {"NoVersionIsRefused", line("GET /"), 400},
        {"EmptyLineFirstIsRefused", "\r\n" + good().text(), 400},
        {"Http10IsTold", line("GET / HTTP/1.0"), 426},
        {"Http2IsRefused", line("GET / HTTP/2.0"), 505},
        {"Http12IsRefused", line("GET / HTTP/1.2"), 505},
        {"LowerCaseHttpIsRefused", line("GET / http/1.1"), 505},
        {"NoHttpIsRefused", line("GET / FTP/1.1"), 505},
        {"BlankBehindTheVersionIsRefused", line("GET / HTTP/1.1 "), 400},
    };
}

std::vector<HandshakeCase> fieldCases() {
    const auto with = [](const char* n, const char* v) { return good().with(n, v).text(); };
    const auto also = [](const char* n, const char* v) { return good().also(n, v).text(); };
    const auto without = [](const char* n) { return good().without(n).text(); };
    return {
        {"FieldNamesInAnyCase", good().without("Upgrade").also("uPGRADE", "websocket").text(), 101},
        {"UpgradeInAnyCase", with("Upgrade", "WebSocket"), 101},
        {"UpgradeInAList", with("Upgrade", "h2c, websocket"), 101},
        {"UpgradeInTwoFields", also("Upgrade", "h2c"), 101},
        {"NoUpgradeIsAPlainGet", without("Upgrade"), 426},
        {"UpgradeToOtherThings", with("Upgrade", "h2c"), 426},
        {"UpgradeToALongerWord", with("Upgrade", "websockets"), 426},
        {"ConnectionInAnyCase", with("Connection", "upgrade"), 101},
        {"ConnectionInAList", with("Connection", "keep-alive, Upgrade"), 101},
        {"ConnectionInTwoFields", also("Connection", "keep-alive"), 101},
        {"NoConnectionIsRefused", without("Connection"), 400},
        {"ConnectionOfOtherThingsIsRefused", with("Connection", "keep-alive"), 400},
        {"NoHostIsRefused", without("Host"), 400},
        {"TwoHostsAreRefused", also("Host", "b"), 400},
        {"EmptyHostIsAHost", with("Host", ""), 101},
        {"NoWebSocketVersionIsTold", without("Sec-WebSocket-Version"), 426},
        {"WebSocketVersion8IsTold", with("Sec-WebSocket-Version", "8"), 426},
        {"WebSocketVersion0IsTold", with("Sec-WebSocket-Version", "0"), 426},
        {"WebSocketVersion14IsTold", with("Sec-WebSocket-Version", "14"), 426},
        {"WebSocketVersion013IsTold", with("Sec-WebSocket-Version", "013"), 426},
        {"WebSocketVersionListIsTold", with("Sec-WebSocket-Version", "13, 8"), 426},
        {"TwoWebSocketVersionsAreTold", also("Sec-WebSocket-Version", "13"), 426},
        {"NoKeyIsRefused", without("Sec-WebSocket-Key"), 400},
        {"EmptyKeyIsRefused", with("Sec-WebSocket-Key", ""), 400},
        {"KeyOf15BytesIsRefused", with("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAA"), 400},
        {"KeyOf17BytesIsRefused", with("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAAA="), 400},
        {"KeyOf18BytesIsRefused", with("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAAAA"), 400},
        {"KeyWithoutPaddingIsRefused", with("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA"), 400},
        {"KeyOutsideBase64IsRefused", with("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAA_A=="), 400},
        {"KeyWithBitsBehindTheEndIsAKeyOfOlderClients",
         with("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAB=="), 101},
        {"TwoKeysAreRefused", also("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), 400},
        {"KeyInBlanksIsAKey", with("Sec-WebSocket-Key", " \t dGhlIHNhbXBsZSBub25jZQ== \t"), 101},
        {"ExtensionsAreLeftOut", also("Sec-WebSocket-Extensions", "permessage-deflate"), 101},
        {"SubprotocolsAreLeftOut", also("Sec-WebSocket-Protocol", "mqtt"), 101},
        {"ContentLengthZeroIsNoBody", also("Content-Length", "0"), 101},
        {"ABodyIsRefused", also("Content-Length", "5"), 400},
        {"TwoContentLengthsAreRefused",
         good().also("Content-Length", "0").also("Content-Length", "0").text(), 400},
        {"NegativeContentLengthIsRefused", also("Content-Length", "-1"), 400},
        {"TransferEncodingIsRefused", also("Transfer-Encoding", "chunked"), 400},
        {"ABodyOfAPlainGetIsRefused", good().without("Upgrade").also("Content-Length", "5").text(),
         400},
        {"CookiesAreLeftOut", also("Cookie", "a=b; c=d"), 101},
        {"ByteAboveAsciiInAValue", also("X-Name", "J\xf6rg"), 101},
        {"EmptyValue", also("X-Empty", ""), 101},
        {"NoColonIsRefused", raw("no colon here"), 400},
        {"EmptyFieldNameIsRefused", raw(": value"), 400},
        {"BlankBeforeTheColonIsRefused", raw("X-A : b"), 400},
        {"BlankInTheNameIsRefused", raw("X A: b"), 400},
        {"FoldedLineIsRefused", raw("X-A: b\r\n c"), 400},
        {"FoldedLineWithTabIsRefused", raw("X-A: b\r\n\tc"), 400},
        {"ControlCharacterInAValueIsRefused", raw("X-A: b\x01c"), 400},
        {"DeleteInAValueIsRefused", raw("X-A: b\x7f"), 400},
        {"CarriageReturnInAValueIsRefused", raw("X-A: b\rc"), 400},
        {"TabInAValue", raw("X-A: b\tc"), 101},
    };
}

std::vector<HandshakeCase> originCases() {
    const auto from = [](const char* origin) { return good().also("Origin", origin).text(); };
    const std::string list = "https://chat.example.org, http://localhost:8000";
    return {
        {"AnyOriginWithoutAList", from("https://evil.example"), 101},
        {"NullOriginWithoutAList", from("null"), 101},
        {"ListedOrigin", from("https://chat.example.org"), 101, list},
        {"ListedOriginWithPort", from("http://localhost:8000"), 101, list},
        {"ListedOriginInAnyCase", from("HTTPS://Chat.Example.org"), 101, list},
        {"NoOriginIsNoBrowser", good().text(), 101, list},
        {"OtherOriginIsForbidden", from("https://evil.example"), 403, list},
        {"OtherSchemeIsForbidden", from("http://chat.example.org"), 403, list},
        {"OtherPortIsForbidden", from("https://chat.example.org:444"), 403, list},
        {"LongerOriginIsForbidden", from("https://chat.example.org.evil.example"), 403, list},
        {"ShorterOriginIsForbidden", from("https://chat.example"), 403, list},
        {"NullOriginIsForbidden", from("null"), 403, list},
        {"EmptyOriginIsForbidden", from(""), 403, list},
        {"TwoOriginsAreRefused",
         good().also("Origin", "https://chat.example.org").also("Origin", "https://b").text(), 400,
         list},
    };
}

std::vector<HandshakeCase> handshakeCases() {
    std::vector<HandshakeCase> all = lineCases();
    for (auto* more : {fieldCases, originCases}) {
        for (HandshakeCase& c : more()) all.push_back(std::move(c));
    }
    return all;
}

// What a server makes of these bytes, read in pieces of `step`; 0 when it waits for more.
int statusOf(const std::string& bytes, size_t step, const Origins& origins) {
    const auto* p = reinterpret_cast<const uint8_t*>(bytes.data());
    for (size_t seen = 0; seen < bytes.size(); seen += step) {
        const Head head = findHead(p, std::min(bytes.size(), seen + step), seen);
        if (head.state == Head::State::kBroken) return 400;
        if (head.state == Head::State::kWhole) {
            return judge(std::string_view(bytes).substr(0, head.bytes), origins).status;
        }
    }
    return 0;
}

class HandshakeOf : public testing::TestWithParam<HandshakeCase> {};
INSTANTIATE_TEST_SUITE_P(Case, HandshakeOf, testing::ValuesIn(handshakeCases()),
                         [](const auto& param) { return param.param.name; });

TEST_P(HandshakeOf, HoweverItIsCut) {
    const HandshakeCase& c = GetParam();
    Origins origins;
    std::string error;
    ASSERT_TRUE(origins.read(c.origins, error)) << error;
    EXPECT_EQ(statusOf(c.text, c.text.size(), origins), c.status);
    for (size_t step = 1; step < 60; ++step) {
        ASSERT_EQ(statusOf(c.text, step, origins), c.status) << "pieces of " << step;
    }
}

TEST(Handshake, TableNamesEachCaseOnce) {
    std::set<std::string> names;
    for (const HandshakeCase& c : handshakeCases()) names.insert(c.name);
    EXPECT_EQ(names.size(), handshakeCases().size());
}

TEST(Handshake, AnswersTheKeyOfTheRfc) {
    char accept[29];
    answerKey("dGhlIHNhbXBsZSBub25jZQ==", accept);
    EXPECT_STREQ(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(Handshake, TheAnswerIsTheUpgradeAndSelectsNothing) {
    char out[kAnswerBytesMax];
    const std::string request = good()
                                    .also("Sec-WebSocket-Protocol", "mqtt")
                                    .also("Sec-WebSocket-Extensions", "permessage-deflate")
                                    .text();
    const size_t n = writeAnswer(judge(request, {}), out);
    EXPECT_EQ(std::string(out, n),
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

TEST(Handshake, APlainGetGetsAShortPageThatSaysWhatThisIs) {
    char out[kAnswerBytesMax];
    const std::string text(out, writeAnswer(judge(good().without("Upgrade").text(), {}), out));
    EXPECT_THAT(text, StartsWith("HTTP/1.1 426 Upgrade Required\r\n"));
    EXPECT_THAT(text, HasSubstr("\r\nUpgrade: websocket\r\n"));
    EXPECT_THAT(text, HasSubstr("\r\nSec-WebSocket-Version: 13\r\n"));
    EXPECT_THAT(text, HasSubstr("\r\nContent-Type: text/html; charset=utf-8\r\n"));
    EXPECT_THAT(text, HasSubstr("chat server"));
    const size_t head = text.find("\r\n\r\n") + 4;
    EXPECT_THAT(text, HasSubstr("Content-Length: " + std::to_string(text.size() - head) + "\r\n"));
}

TEST(Handshake, EveryRefusalSaysItsLengthAndFits) {
    for (const int status : {400, 403, 405, 408, 426, 431, 503, 505}) {
        Handshake h;
        h.status = static_cast<uint16_t>(status);
        h.why = "expected one header Sec-WebSocket-Key: 16 bytes in base64";
        char out[kAnswerBytesMax];
        const std::string text(out, writeAnswer(h, out));
        EXPECT_THAT(text, StartsWith("HTTP/1.1 " + std::to_string(status) + " "));
        const size_t head = text.find("\r\n\r\n") + 4;
        EXPECT_THAT(text,
                    HasSubstr("Content-Length: " + std::to_string(text.size() - head) + "\r\n"));
        EXPECT_THAT(text, HasSubstr("16 bytes in base64.\n"));
        EXPECT_THAT(text, HasSubstr("close\r\n"));
    }
}

TEST(Handshake, AHundredFieldsAreEnoughAndMoreAreTold) {
    Request r;
    while (r.fields.size() < kHandshakeHeadersMax) r.fields.emplace_back("X", "y");
    EXPECT_EQ(judge(r.text(), {}).status, 101);
    r.fields.emplace_back("X", "y");
    EXPECT_EQ(judge(r.text(), {}).status, 431);
}

TEST(Handshake, LineEndsWithoutCarriageReturnAreNoHttp) {
    std::string text = good().text();
    text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
    EXPECT_EQ(statusOf(text, text.size(), {}), 400);
    EXPECT_EQ(statusOf("GET / HTTP/1.1\n", 1, {}), 400);
    EXPECT_EQ(statusOf(std::string("GET / HTTP/1.1\0", 15), 15, {}), 400);
}

TEST(Handshake, TlsAndGarbageAreSeenWithTheirFirstByte) {
    for (const char first : {'\x16', '\x80', '\0', '{', '"', '\x02', ' ', '\r', '\n', '\x01'}) {
        EXPECT_EQ(statusOf(std::string(1, first), 1, {}), 400) << static_cast<int>(first);
    }
    EXPECT_EQ(statusOf("G", 1, {}), 0);
}

TEST(Origins, RefuseWhatNoBrowserSends) {
    for (const char* bad : {"chat.example.org", "https://", "://x", "https://a/", "https://a/path",
                            "https://ok.example, nonsense"}) {
        Origins o;
        std::string error;
        EXPECT_FALSE(o.read(bad, error)) << bad;
        EXPECT_THAT(error, HasSubstr("scheme://host"));
    }
    Origins o;
    std::string error;
    EXPECT_TRUE(o.read(" , \t", error));
    EXPECT_TRUE(o.any());
}

}  // namespace
}  // namespace sara::ws
