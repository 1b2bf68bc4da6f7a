// The reader against the table, and each case cut at every byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "client_frames.h"
#include "recorded_reader.h"
#include "rfc_cases.h"

namespace sara::ws {
namespace {

std::vector<RfcCase> allCases() {
    std::vector<RfcCase> all = frameCases();
    for (auto* more : {closeCases, utf8Cases}) {
        for (RfcCase& c : more()) all.push_back(std::move(c));
    }
    return all;
}

class Rfc6455 : public testing::TestWithParam<RfcCase> {};
INSTANTIATE_TEST_SUITE_P(Case, Rfc6455, testing::ValuesIn(allCases()),
                         [](const auto& param) { return param.param.name; });

TEST_P(Rfc6455, HoweverItIsCut) {
    const RfcCase& c = GetParam();
    RecordedReader whole(kCaseLimit);
    whole.feed(c.bytes);
    ASSERT_EQ(whole.events, c.events);
    ASSERT_EQ(naiveRead(c.bytes, kCaseLimit), c.events) << "the naive reader disagrees";

    // Long payloads are cut at their ends and here and there.
    const size_t n = c.bytes.size();
    for (size_t cut = 0; cut <= n; cut += cut < 400 || cut + 40 > n ? 1 : 997) {
        for (const size_t stop_after : {0, 1}) {
            RecordedReader r(kCaseLimit);
            r.feed(std::string_view(c.bytes).substr(0, cut), stop_after);
            r.feed(std::string_view(c.bytes).substr(cut), stop_after);
            ASSERT_EQ(r.events, c.events) << "cut at " << cut;
        }
    }
    for (const size_t step : {1, 2, 3, 5, 13, 14, 15, 64}) {
        if (n / step > 10'000) continue;
        RecordedReader r(kCaseLimit);
        for (size_t at = 0; at < n; at += step) r.feed(std::string_view(c.bytes).substr(at, step));
        ASSERT_EQ(r.events, c.events) << "pieces of " << step;
    }
}

TEST(Rfc6455Table, HasAtLeastThreeHundredCasesWithNamesOfTheirOwn) {
    std::set<std::string> names;
    for (const RfcCase& c : allCases()) names.insert(c.name);
    EXPECT_EQ(names.size(), allCases().size());
    EXPECT_GE(names.size(), 300u);
}

TEST(FrameReader, AHeaderReservesNothingForWhatItAnnounces) {
    RecordedReader r(uint64_t{1} << 30);
    r.feed(bytesOf({.claimed = uint64_t{1} << 30}));
    EXPECT_EQ(r.held(), 14u);
    EXPECT_LE(r.reserved(), 1024u);
    EXPECT_EQ(r.pool.heapAllocations(), 1u);
}

TEST(FrameReader, MemoryFollowsWhatHasArrivedAndEndsWithTheLimit) {
    constexpr uint64_t kLimit = 1 << 20;
    RecordedReader r(kLimit);
    const std::string frame = bytesOf({.payload = std::string(kLimit, 'x')});
    for (size_t at = 0; at < frame.size(); at += 10'000) {
        r.feed(std::string_view(frame).substr(at, 10'000));
        ASSERT_LE(r.reserved(), std::max<size_t>(2 * (at + 10'000), 20'000) + 70'000);
        ASSERT_LE(r.reserved(), kLimit + 80'000);
    }
    ASSERT_EQ(r.events.size(), 1u);
    EXPECT_EQ(r.held(), 0u);
}

TEST(FrameReader, HoldsNoBlockBetweenMessages) {
    RecordedReader r(1000);
    const std::string frame = textFrame("hello");
    for (size_t cut = 0; cut <= frame.size(); ++cut) {
        r.feed(std::string_view(frame).substr(0, cut));
        r.feed(std::string_view(frame).substr(cut));
        EXPECT_EQ(r.partial, nullptr);
    }
}

TEST(FrameReader, AsksForTheLimitAgainWhenAMessageHasRaisedIt) {
    const std::string bytes = textFrame("login") + textFrame(std::string(900, 'x'));
    for (const size_t cut : {size_t{0}, size_t{5}, size_t{15}}) {
        RecordedReader r(10);
        r.limit_after_login = 1000;
        r.feed(std::string_view(bytes).substr(0, cut));
        r.feed(std::string_view(bytes).substr(cut));
        ASSERT_EQ(r.events.size(), 2u) << cut;
        EXPECT_EQ(r.events[1].size(), 908u) << r.events[1];
    }
}

TEST(MessageText, UnmasksEveryLengthAtEveryPhase) {
    std::mt19937 random(7);
    const uint8_t mask[4] = {0x91, 0x02, 0xfe, 0x40};
    for (size_t len = 0; len < 200; ++len) {
        std::vector<uint8_t> bytes(len);
        for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
        if (len % 3 == 0) {
            for (size_t i = 0; i < len; ++i) bytes[i] = static_cast<uint8_t>('a' ^ mask[i % 4]);
        }
        std::vector<uint8_t> expected(len);
        bool ascii = true;
        for (size_t i = 0; i < len; ++i) {
            expected[i] = static_cast<uint8_t>(bytes[i] ^ mask[i % 4]);
            ascii = ascii && expected[i] < 0x80;
        }
        EXPECT_EQ(unmask(bytes.data(), len, mask), ascii) << len;
        EXPECT_EQ(bytes, expected) << len;
    }
}

TEST(MessageText, AgreesWithThePlainRuleOnEverySequenceOfThreeBytes) {
    // All leads and seconds, and thirds at the edges: 1.3 million sequences.
    for (int a = 0; a < 256; ++a) {
        for (int b = 0; b < 256; ++b) {
            for (const int c : {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff}) {
                const std::string s{static_cast<char>(a), static_cast<char>(b),
                                    static_cast<char>(c)};
                const Utf8Scan scan = scanUtf8(reinterpret_cast<const uint8_t*>(s.data()), 3);
                ASSERT_EQ(scan.valid, naiveUtf8(s, true)) << a << " " << b << " " << c;
                ASSERT_EQ(isUtf8(reinterpret_cast<const uint8_t*>(s.data()), 3),
                          scan.valid && scan.open == 0);
                ASSERT_EQ(scan.valid && scan.open == 0, naiveUtf8(s, false))
                    << a << " " << b << " " << c;
            }
        }
    }
}

}  // namespace
}  // namespace sara::ws
