#include "client_frames.h"
#include "recorded_reader.h"
#include "rfc_cases.h"

namespace sara::ws {
namespace {

class Table {
  public:
    void add(std::string name, std::string bytes, std::vector<std::string> events) {
        cases.push_back({std::move(name), std::move(bytes), std::move(events)});
    }
    std::vector<RfcCase> cases;
};

std::string wordOf(int opcode) {
    switch (opcode) {
        case 0:
            return "Continuation";
        case 1:
            return "Text";
        case 2:
            return "Binary";
        case 8:
            return "Close";
        case 9:
            return "Ping";
        case 10:
            return "Pong";
        default:
            return "Opcode" + std::to_string(opcode);
    }
}

std::string data(int opcode, bool fin, const std::string& payload) {
    return bytesOf({.fin = fin, .opcode = opcode, .payload = payload});
}
std::string ping(const std::string& payload) { return data(9, true, payload); }

const std::string kAfter = textFrame("after");

void lengths(Table& t) {
    for (const size_t n : {1, 2, 7, 8, 9, 31, 32, 33, 124, 125, 126, 127, 128, 129, 1023, 1024,
                           65535, 65536, 70000}) {
        const std::string body(n, 'x');
        for (const int opcode : {1, 2}) {
            t.add(wordOf(opcode) + "Of" + std::to_string(n) + "BytesIsAMessage",
                  data(opcode, true, body), {"message " + body});
        }
    }
    for (const int opcode : {1, 2}) {
        t.add("Empty" + wordOf(opcode) + "IsNoMessage", data(opcode, true, "") + kAfter,
              {"message after"});
        t.add(wordOf(opcode) + "AboveTheLimitIsRefusedByItsHeader",
              data(opcode, true, std::string(70001, 'x')).substr(0, 14),
              {errorEvent(WsError::kTooLarge)});
    }
    for (const uint64_t n :
         {uint64_t{70001}, uint64_t{1} << 31, uint64_t{1} << 32, (uint64_t{1} << 63) - 1}) {
        t.add("HeaderThatClaims" + std::to_string(n) + "BytesIsRefused", bytesOf({.claimed = n}),
              {errorEvent(WsError::kTooLarge)});
    }
    for (const uint64_t n : {uint64_t{1} << 63, (uint64_t{1} << 63) + 1, UINT64_MAX - 1}) {
        t.add("LengthWithTopBit" + std::to_string(n & 0xff) + "IsRefused",
              bytesOf({.length_bytes = 8, .claimed = n}), {errorEvent(WsError::kLengthTopBit)});
    }
    for (const uint64_t n : {0, 1, 125}) {
        for (const int form : {2, 8}) {
            t.add("Length" + std::to_string(n) + "In" + std::to_string(form) + "BytesIsRefused",
                  bytesOf({.payload = std::string(n, 'x'), .length_bytes = form}),
                  {errorEvent(WsError::kLengthNotShortest)});
        }
    }
    for (const uint64_t n : {126, 1000, 65535}) {
        t.add("Length" + std::to_string(n) + "In8BytesIsRefused",
              bytesOf({.payload = std::string(n, 'x'), .length_bytes = 8}),
              {errorEvent(WsError::kLengthNotShortest)});
    }
}

void reservedBits(Table& t) {
    for (const int opcode : {0, 1, 2, 8, 9, 10}) {
        for (int bits = 1; bits < 8; ++bits) {
            const std::string before = opcode == 0 ? data(1, false, "a") : textFrame("a");
            std::vector<std::string> events;
            if (opcode != 0) events.push_back("message a");
            events.push_back(errorEvent(WsError::kReservedBits));
            t.add("ReservedBits" + std::to_string(bits) + "On" + wordOf(opcode) + "AreRefused",
                  before + bytesOf({.reserved = bits, .opcode = opcode, .payload = "b"}) + kAfter,
                  events);
        }
    }
}

void opcodes(Table& t) {
    for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
        const WsError unknown = WsError::kUnknownOpcode;
        const std::string name = wordOf(opcode);
        t.add(name + "IsUnknown", data(opcode, true, ""), {errorEvent(unknown)});
        t.add(name + "WithPayloadIsUnknown", data(opcode, true, "x") + kAfter,
              {errorEvent(unknown)});
        t.add(name + "AfterAMessageIsUnknown", textFrame("a") + data(opcode, true, "x") + kAfter,
              {"message a", errorEvent(unknown)});
        t.add(name + "InsideAMessageIsUnknown",
              data(1, false, "a") + data(opcode, false, "x") + data(0, true, "b"),
              {errorEvent(unknown)});
    }
}

void masks(Table& t) {
    for (const int opcode : {1, 2, 8, 9, 10}) {
        t.add("Unmasked" + wordOf(opcode) + "IsRefused",
              bytesOf({.opcode = opcode, .masked = false, .payload = "ab"}) + kAfter,
              {errorEvent(WsError::kNotMasked)});
    }
    t.add("UnmaskedContinuationIsRefused",
          data(1, false, "a") + bytesOf({.opcode = 0, .masked = false, .payload = "b"}),
          {errorEvent(WsError::kNotMasked)});
    t.add("UnmaskedEmptyTextIsRefused", bytesOf({.masked = false}),
          {errorEvent(WsError::kNotMasked)});
    t.add("MaskOfZerosIsAMask", std::string("\x81\x82\0\0\0\0hi", 8), {"message hi"});
    t.add("MaskOfOnesIsAMask", std::string("\x81\x82\xff\xff\xff\xff\x97\x96", 8), {"message hi"});
    t.add("EachFrameHasItsOwnMask",
          std::string("\x01\x81\1\2\3\4", 6) + static_cast<char>('h' ^ 1) +
              std::string("\x80\x81\5\6\7\10", 6) + static_cast<char>('i' ^ 5),
          {"message hi"});
}

void controls(Table& t) {
    for (const size_t n : {0, 1, 4, 124, 125}) {
        const std::string body(n, 'p');
        t.add("PingOf" + std::to_string(n) + "BytesIsHeard", ping(body) + kAfter,
              {"ping " + body, "message after"});
        t.add("PongOf" + std::to_string(n) + "BytesIsHeard", data(10, true, body) + kAfter,
              {"pong", "message after"});
    }
    t.add("PingMayHoldAnyBytes", ping(std::string("\0\xff\x80\xfe", 4)),
          {"ping " + std::string("\0\xff\x80\xfe", 4)});
    std::string ten;
    std::vector<std::string> events;
    for (int i = 0; i < 10; ++i) {
        ten += ping(std::to_string(i));
        events.push_back("ping " + std::to_string(i));
    }
    t.add("TenPingsAreHeardInOrder", ten, events);
    for (const int opcode : {8, 9, 10}) {
        const std::string name = wordOf(opcode);
        for (const size_t n : {126, 127, 65536}) {
            t.add(name + "Of" + std::to_string(n) + "BytesIsRefused",
                  data(opcode, true, std::string(n, 'x')) + kAfter,
                  {errorEvent(WsError::kControlTooLong)});
        }
        t.add(name + "WithALongLengthFormIsRefused",
              bytesOf({.opcode = opcode, .payload = "x", .length_bytes = 2}),
              {errorEvent(WsError::kControlTooLong)});
        t.add("Fragmented" + name + "IsRefused", data(opcode, false, "ab") + data(0, true, "cd"),
              {errorEvent(WsError::kControlFragmented)});
        t.add("Fragmented" + name + "InsideAMessageIsRefused",
              data(1, false, "a") + data(opcode, false, "") + data(0, true, "b"),
              {errorEvent(WsError::kControlFragmented)});
    }
}

void fragments(Table& t) {
    for (const int opcode : {1, 2}) {
        const std::string n = wordOf(opcode);
        t.add(n + "InTwoFramesIsOneMessage", data(opcode, false, "ab") + data(0, true, "cd"),
              {"message abcd"});
        t.add(n + "InThreeFramesIsOneMessage",
              data(opcode, false, "ab") + data(0, false, "cd") + data(0, true, "ef") + kAfter,
              {"message abcdef", "message after"});
        t.add(n + "InEmptyFramesIsNoMessage",
              data(opcode, false, "") + data(0, false, "") + data(0, true, "") + kAfter,
              {"message after"});
        t.add(n + "WithAnEmptyFirstFrameIsAMessage", data(opcode, false, "") + data(0, true, "a"),
              {"message a"});
        t.add(n + "WithAnEmptyLastFrameIsAMessage", data(opcode, false, "a") + data(0, true, ""),
              {"message a"});
        t.add(n + "WithAPingInsideIsAMessage",
              data(opcode, false, "ab") + ping("p") + data(0, true, "cd"),
              {"ping p", "message abcd"});
        t.add(n + "WithPingsInEveryGapIsAMessage",
              data(opcode, false, "ab") + ping("1") + data(0, false, "cd") + ping("2") +
                  data(10, true, "3") + data(0, true, "ef") + ping("4"),
              {"ping 1", "ping 2", "pong", "message abcdef", "ping 4"});
        t.add(n + "WithAPingOf125BytesInsideIsAMessage",
              data(opcode, false, std::string(200, 'a')) + ping(std::string(125, 'p')) +
                  data(0, true, std::string(300, 'b')),
              {"ping " + std::string(125, 'p'),
               "message " + std::string(200, 'a') + std::string(300, 'b')});
        t.add(n + "WithACloseInsideEnds", data(opcode, false, "ab") + data(8, true, "") + kAfter,
              {"closed "});
        t.add(n + "ByteByByteIsOneMessage",
              data(opcode, false, "a") + data(0, false, "b") + data(0, false, "c") +
                  data(0, false, "d") + data(0, true, "e"),
              {"message abcde"});
        t.add(n + "AboveTheLimitInFramesIsRefused",
              data(opcode, false, std::string(69'999, 'x')) + data(0, true, "yz"),
              {errorEvent(WsError::kTooLarge)});
        t.add(n + "OfTheLimitInFramesIsAMessage",
              data(opcode, false, std::string(69'998, 'x')) + data(0, true, "yz"),
              {"message " + std::string(69'998, 'x') + "yz"});
        t.add("TextInsideFragmented" + n + "IsRefused", data(opcode, false, "a") + textFrame("b"),
              {errorEvent(WsError::kMessageInsideMessage)});
        t.add("BinaryInsideFragmented" + n + "IsRefused",
              data(opcode, false, "a") + data(2, true, "b"),
              {errorEvent(WsError::kMessageInsideMessage)});
        t.add("NewFragmentsInsideFragmented" + n + "AreRefused",
              data(opcode, false, "a") + data(opcode, false, "b") + data(0, true, "c"),
              {errorEvent(WsError::kMessageInsideMessage)});
    }
}

void sequences(Table& t) {
    const WsError nothing = WsError::kNothingToContinue;
    t.add("ContinuationAtTheBeginningIsRefused", data(0, true, "a"), {errorEvent(nothing)});
    t.add("UnfinishedContinuationAtTheBeginningIsRefused", data(0, false, "a"),
          {errorEvent(nothing)});
    t.add("EmptyContinuationAtTheBeginningIsRefused", data(0, true, ""), {errorEvent(nothing)});
    t.add("ContinuationAfterAMessageIsRefused", textFrame("a") + data(0, true, "b"),
          {"message a", errorEvent(nothing)});
    t.add("ContinuationAfterAFragmentedMessageIsRefused",
          data(1, false, "a") + data(0, true, "b") + data(0, true, "c"),
          {"message ab", errorEvent(nothing)});
    t.add("ContinuationAfterAPingIsRefused", ping("") + data(0, true, "b"),
          {"ping ", errorEvent(nothing)});
    t.add("TextFollowsBinary", data(2, true, "\xff") + textFrame("a"),
          {"message \xff", "message a"});
    t.add("FragmentedBinaryFollowsFragmentedText",
          data(1, false, "a") + data(0, true, "b") + data(2, false, "\xff") + data(0, true, "\xfe"),
          {"message ab", "message \xff\xfe"});
    t.add("ManyMessagesComeInOrder", textFrame("1") + data(2, true, "2") + textFrame("3") + kAfter,
          {"message 1", "message 2", "message 3", "message after"});
    t.add("UnfinishedFramesSayNothing", data(1, false, "abc") + textFrame("x").substr(0, 1),
          {errorEvent(WsError::kMessageInsideMessage)});
    t.add("UnfinishedHeaderSaysNothing", textFrame("abc").substr(0, 5), {});
    t.add("UnfinishedPayloadSaysNothing", textFrame("abc").substr(0, 8), {});
}

}  // namespace

std::vector<RfcCase> frameCases() {
    Table t;
    lengths(t);
    reservedBits(t);
    opcodes(t);
    masks(t);
    controls(t);
    fragments(t);
    sequences(t);
    return t.cases;
}

std::vector<RfcCase> closeCases() {
    Table t;
    const auto close = [](const std::string& payload) { return data(8, true, payload); };
    t.add("CloseWithoutCodeEnds", close(""), {"closed "});
    t.add("CloseOfOneByteIsRefused", close("\x03"), {errorEvent(WsError::kCloseOfOneByte)});
    for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                           3000, 3999, 4000, 4999}) {
        t.add("CloseCode" + std::to_string(code) + "Ends", close(closePayload(code)),
              {"closed " + closePayload(code)});
    }
    for (const int code :
         {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 9999, 65535}) {
        t.add("CloseCode" + std::to_string(code) + "IsRefused", close(closePayload(code)),
              {errorEvent(WsError::kCloseCodeRefused)});
    }
    const std::string longest = closePayload(1000, std::string(123, 'r'));
    t.add("CloseReasonOf123BytesEnds", close(longest), {"closed " + longest});
    t.add("CloseReasonOf124BytesIsRefused", close(longest + "r"),
          {errorEvent(WsError::kControlTooLong)});
    const std::string greek = closePayload(1000, "\xce\xba\xcf\x8c");
    t.add("CloseReasonInUtf8Ends", close(greek), {"closed " + greek});
    for (const char* bad : {"\xff", "\xce", "\xed\xa0\x80", "\xc0\xaf", "ok\x80"}) {
        t.add("CloseReason" + std::to_string(t.cases.size()) + "OutsideUtf8IsRefused",
              close(closePayload(1000, bad)), {errorEvent(WsError::kCloseReasonNotUtf8)});
    }
    t.add("NothingIsHeardAfterAClose", close(closePayload(1000)) + kAfter + ping("p"),
          {"closed " + closePayload(1000)});
    t.add("SecondCloseIsNotHeard", close("") + close(closePayload(1001)), {"closed "});
    t.add("MessagesBeforeACloseAreHeard", textFrame("a") + ping("b") + close(""),
          {"message a", "ping b", "closed "});
    return t.cases;
}

}  // namespace sara::ws
