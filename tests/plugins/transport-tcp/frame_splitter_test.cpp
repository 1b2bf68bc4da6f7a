// Frames of the byte stream: whatever a read cuts, the same frames come out.
#include "frame_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recorded_split.h"

namespace sara::tcp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_literals;

constexpr uint64_t kLimit = 1000;

std::vector<std::string> corpus() {
    return {
        "{\"a\":1}\x01"s,
        "{\"a\":1}\x01{\"b\":2}\x01{\"c\":3}\x01"s,
        "\x01\x01\x01"s,
        "\x02\x01\x02\x01\x02\x01"s,
        "{\"a\":1}\x01\x02\x01{\"b\":2}\x01"s,
        "\x02\x02\x01\x02x\x01x\x02\x01"s,
        "\0\0\x01\0\x02\0\x01{\"a\"\0:1}\0\x01\0"s,
        "\0"s,
        " \r\n{\"a\":1}\r\n \x01"s,
        "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\x01\xff\xfe\x01"s,
        "\x03\x01"s,
        std::string(1000, 'x') + "\x01" + std::string(1001, 'y') + "\x01z\x01",
        std::string(1000, 'x') + "\x01" + std::string(999, 'y') + "\0\0\0y\x01z\x01"s,
        std::string(1001, 'y'),
        std::string(500, '\0') + "a\x01"s,
        "unfinished"s,
    };
}

TEST(FrameSplitter, GivesTheSameFramesForEverySplitAtEveryByte) {
    for (const std::string& bytes : corpus()) {
        const auto expected = naiveSplit(bytes, kLimit);
        for (size_t cut = 0; cut <= bytes.size(); ++cut) {
            RecordedSplit s(kLimit);
            s.feed(std::string_view(bytes).substr(0, cut));
            s.feed(std::string_view(bytes).substr(cut));
            ASSERT_EQ(s.events, expected) << "cut at " << cut;
        }
    }
}

TEST(FrameSplitter, GivesTheSameFramesByteByByteAndInPiecesOfEverySize) {
    for (const std::string& bytes : corpus()) {
        const auto expected = naiveSplit(bytes, kLimit);
        for (size_t step = 1; step < 20; ++step) {
            RecordedSplit s(kLimit);
            for (size_t at = 0; at < bytes.size(); at += step) {
                s.feed(std::string_view(bytes).substr(at, step));
            }
            ASSERT_EQ(s.events, expected) << "pieces of " << step;
        }
    }
}

TEST(FrameSplitter, GivesTheSameFramesWhenTheGateStopsBehindAnyOfThem) {
    for (const std::string& bytes : corpus()) {
        const auto expected = naiveSplit(bytes, kLimit);
        for (size_t stop_after = 1; stop_after < 4; ++stop_after) {
            for (size_t cut = 0; cut <= bytes.size(); cut += 3) {
                RecordedSplit s(kLimit);
                s.feed(std::string_view(bytes).substr(0, cut), stop_after);
                s.feed(std::string_view(bytes).substr(cut), stop_after);
                ASSERT_EQ(s.events, expected) << "cut at " << cut;
            }
        }
    }
}

// Defect 22, G1: a frame was lost when its end byte began the next read.
TEST(FrameSplitter, Defect22JoinsAFrameWhoseEndByteComesAlone) {
    RecordedSplit s(kLimit);
    s.feed("{\"a\":1}");
    s.feed("\x01");
    EXPECT_THAT(s.events, ElementsAre("{\"a\":1}"));
}

TEST(FrameSplitter, Defect22JoinsAFrameWhoseEndByteComesWithTheNextFrame) {
    RecordedSplit s(kLimit);
    s.feed("{\"a\":1}");
    s.feed("\x01{\"b\":2}\x01");
    EXPECT_THAT(s.events, ElementsAre("{\"a\":1}", "{\"b\":2}"));
}

// Defect 23, G2: a NUL byte cut off everything behind it in the same read.
TEST(FrameSplitter, Defect23DropsTheNulAndKeepsWhatIsBehindIt) {
    RecordedSplit s(kLimit);
    s.feed("\0{\"a\"\0:1}\x01\0\0{\"b\":2}\x01"s);
    EXPECT_THAT(s.events, ElementsAre("{\"a\":1}", "{\"b\":2}"));
}

// G5: 64 MiB without an end byte were buffered.
TEST(FrameSplitter, G5HoldsNoMoreOfAnEndlessFrameThanTheLimit) {
    RecordedSplit s(kLimit);
    const std::string chunk(64, 'x');
    for (int i = 0; i < 1000 && !s.broken; ++i) {
        s.feed(chunk);
        EXPECT_LE(s.unfinished(), kLimit);
    }
    EXPECT_THAT(s.events, ElementsAre("TOO LARGE"));
    EXPECT_EQ(s.unfinished(), 0u) << "what was held is given back at once";
}

TEST(FrameSplitter, CountsTheBodyAgainstTheLimitNotTheDroppedNuls) {
    RecordedSplit s(10);
    s.feed(std::string(5000, '\0') + "0123456789" + std::string(5000, '\0') + "\x01"s);
    EXPECT_THAT(s.events, ElementsAre("0123456789"));
    s.feed("0123456789a"s);
    EXPECT_THAT(s.events, ElementsAre("0123456789", "TOO LARGE"));
}

TEST(FrameSplitter, IgnoresEmptyFrames) {
    RecordedSplit s(kLimit);
    s.feed("\x01\x01\x01"s);
    EXPECT_THAT(s.events, IsEmpty());
}

TEST(FrameSplitter, TakesOnlyALoneTwoForAHeartbeat) {
    RecordedSplit s(kLimit);
    s.feed("\x02\x01\x02\x02\x01 \x02\x01");
    EXPECT_THAT(s.events, ElementsAre("HEARTBEAT", "\x02\x02", " \x02"));
}

TEST(FrameSplitter, SeesALimitThatGrowsBetweenTwoFramesOfOneRead) {
    struct Growing : RecordedSplit {
        using RecordedSplit::RecordedSplit;
        uint64_t limit() const { return events.empty() ? 10 : 100; }
    };
    Growing s(0);
    std::string bytes =
        "login\x01" + std::string(100, 'x') + "\x01" + std::string(101, 'y') + "\x01";
    bytes.reserve(bytes.size() + stream::kPaddingBytes);
    split(s.pool, s.partial, reinterpret_cast<uint8_t*>(bytes.data()), bytes.size(), s);
    EXPECT_THAT(s.events, ElementsAre("login", std::string(100, 'x'), "TOO LARGE"));
}

TEST(FrameSplitter, PassesWholeFramesInPlace) {
    struct Where : RecordedSplit {
        using RecordedSplit::RecordedSplit;
        bool frame(const uint8_t* body, uint64_t) {
            bodies.push_back(body);
            return true;
        }
        std::vector<const uint8_t*> bodies;
    };
    Where s(kLimit);
    std::string bytes =
        "aaa\x01"
        "bbb\x01";
    bytes.reserve(bytes.size() + stream::kPaddingBytes);
    auto* data = reinterpret_cast<uint8_t*>(bytes.data());
    split(s.pool, s.partial, data, bytes.size(), s);
    EXPECT_THAT(s.bodies, ElementsAre(data, data + 4));
    EXPECT_EQ(s.pool.heapAllocations(), 0u);
}

TEST(FrameSplitter, HoldsABlockOnlyWhileAFrameIsUnfinished) {
    RecordedSplit s(kLimit);
    s.feed("{\"a\"");
    EXPECT_NE(s.partial, nullptr);
    s.feed(":1}\x01");
    EXPECT_EQ(s.partial, nullptr);
    for (int i = 0; i < 100; ++i) {
        s.feed("{\"a\"");
        s.feed(":1}\x01");
    }
    EXPECT_EQ(s.pool.heapAllocations(), 1u);
}

TEST(FrameSplitter, CopiesAMebibyteInPiecesInLinearTime) {
    RecordedSplit s(1 << 20);
    const std::string chunk(1000, 'x');
    for (int i = 0; i < 1000; ++i) s.feed(chunk);
    s.feed("\x01");
    ASSERT_EQ(s.events.size(), 1u);
    EXPECT_EQ(s.events[0].size(), 1'000'000u);
    EXPECT_LT(s.pool.heapAllocations(), 16u);
}

}  // namespace
}  // namespace sara::tcp
