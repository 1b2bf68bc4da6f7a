// RFC 6455 as a table: named streams of client bytes and what the reader must say to each. Cases
// know the limit kCaseLimit.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace sara::ws {

constexpr uint64_t kCaseLimit = 70'000;

struct RfcCase {
    std::string name;  // letters and digits: the name of a test
    std::string bytes;
    std::vector<std::string> events;  // as RecordedReader writes them
};

// Frames, opcodes, fragments, control frames, lengths, masks.
std::vector<RfcCase> frameCases();
// Close frames.
std::vector<RfcCase> closeCases();
// UTF-8 of text messages, whole and cut into frames.
std::vector<RfcCase> utf8Cases();

}  // namespace sara::ws
