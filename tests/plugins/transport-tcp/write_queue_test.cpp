// What waits to be written: order, counts, blocks.
#include "stream/write_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "stream/connection_table.h"
#include "tcp_framing.h"

namespace sara::stream {
namespace {

std::string contents(const WriteQueue& q) {
    std::string all;
    iovec iov[1024];
    const uint32_t n = q.gather(iov, 1024);
    for (uint32_t i = 0; i < n; ++i)
        all.append(static_cast<char*>(iov[i].iov_base), iov[i].iov_len);
    return all;
}

bool put(WriteQueue& q, BlockPool& pool, std::string_view text, Packing packing = Packing::kJoin) {
    const sara_str piece{text.data(), text.size()};
    return q.append(pool, {}, &piece, 1, {}, packing);
}

TEST(WriteQueue, KeepsOrderWhateverTheSizes) {
    BlockPool pool;
    WriteQueue q;
    std::string expected;
    for (size_t i = 0; i < 400; ++i) {
        const std::string text(i * i % 9000 + 1, static_cast<char>('a' + i % 26));
        ASSERT_TRUE(put(q, pool, text));
        expected += text;
    }
    EXPECT_EQ(contents(q), expected);
    EXPECT_EQ(q.queued(), expected.size());
    q.clear(pool);
}

TEST(WriteQueue, GivesBytesUpAtAnyPlace) {
    BlockPool pool;
    for (const size_t step : {1u, 7u, 1000u, 4096u, 100'000u}) {
        WriteQueue q;
        std::string expected;
        for (int i = 0; i < 50; ++i) {
            const std::string text(300, static_cast<char>('a' + i % 26));
            ASSERT_TRUE(put(q, pool, text));
            expected += text;
        }
        std::string got;
        while (!q.empty()) {
            const std::string now = contents(q).substr(0, step);
            got += now;
            q.consume(pool, now.size());
        }
        EXPECT_EQ(got, expected);
        EXPECT_EQ(q.written(), expected.size());
        EXPECT_EQ(q.endOffset(), expected.size());
    }
}

TEST(WriteQueue, CountsGoOnAfterItWasEmpty) {
    BlockPool pool;
    WriteQueue q;
    ASSERT_TRUE(put(q, pool, "12345"));
    q.consume(pool, 5);
    EXPECT_TRUE(q.empty());
    ASSERT_TRUE(put(q, pool, "67"));
    EXPECT_EQ(q.endOffset(), 7u);
    EXPECT_EQ(q.written(), 5u);
    q.clear(pool);
}

TEST(WriteQueue, ATurnOfSmallPacketsIsOnePiece) {
    BlockPool pool;
    WriteQueue q;
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(put(q, pool, std::string(213, 'x')));
    EXPECT_TRUE(q.single());
    q.clear(pool);
}

TEST(WriteQueue, AnEmptyOneHoldsNoBlockAndSteadyTrafficAsksNoHeap) {
    BlockPool pool;
    WriteQueue q;
    for (int round = 0; round < 1000; ++round) {
        for (int i = 0; i < 20; ++i) ASSERT_TRUE(put(q, pool, std::string(213, 'x')));
        q.consume(pool, q.queued());
        ASSERT_TRUE(q.empty());
    }
    EXPECT_LE(pool.heapAllocations(), 2u);
}

TEST(WriteQueue, OwnBlocksKeepFramesApart) {
    BlockPool pool;
    WriteQueue q;
    ASSERT_TRUE(put(q, pool, "first", Packing::kOwnBlock));
    ASSERT_TRUE(put(q, pool, std::string(200'000, 'x'), Packing::kOwnBlock));
    ASSERT_TRUE(put(q, pool, "last", Packing::kOwnBlock));
    iovec iov[8];
    ASSERT_EQ(q.gather(iov, 8), 3u);
    EXPECT_EQ(iov[0].iov_len, 5u);
    EXPECT_EQ(iov[1].iov_len, 200'000u);
    q.clear(pool);
}

TEST(BlockPool, KeepsAtMostItsLimitForReuse) {
    BlockPool pool;
    std::vector<Block*> blocks;
    for (int i = 0; i < 200; ++i) blocks.push_back(pool.get(60'000));
    for (Block* b : blocks) pool.put(b);
    EXPECT_LE(pool.cachedBytes(), BlockPool::kCachedBytesMax);
    EXPECT_GT(pool.cachedBytes(), BlockPool::kCachedBytesMax / 2);
}

TEST(BlockPool, GivesWhatIsAskedForHoweverLarge) {
    BlockPool pool;
    for (const uint64_t n : {1u, 935u, 936u, 937u, 4000u, 16384u, 65536u, 70'000u, 5'000'000u}) {
        Block* b = pool.get(n);
        ASSERT_NE(b, nullptr);
        EXPECT_GE(b->room(), n);
        pool.put(b);
    }
    EXPECT_EQ(pool.get(UINT64_MAX), nullptr);
}

TEST(ConnectionTable, AnIdleConnectionIsSmall) { EXPECT_LE(sizeof(Connection), 160u); }

TEST(ConnectionTable, AReusedSlotHasANewHandle) {
    ConnectionTable table(3);
    Connection* a = table.take();
    const sara_id first = a->id;
    EXPECT_EQ(ConnectionTable::loopOf(first), 3u);
    EXPECT_EQ(table.find(first), a);
    table.give(a);
    EXPECT_EQ(table.find(first), nullptr);
    Connection* b = table.take();
    EXPECT_EQ(b, a) << "the slot is reused";
    EXPECT_NE(b->id, first);
    EXPECT_EQ(table.find(first), nullptr);
    EXPECT_EQ(table.find(b->id), b);
}

TEST(ConnectionTable, FindsNothingForHandlesThatItNeverGave) {
    ConnectionTable table(0);
    EXPECT_EQ(table.find(0), nullptr);
    EXPECT_EQ(table.find(UINT64_MAX), nullptr);
    Connection* c = table.take();
    EXPECT_EQ(table.find(c->id + 1), nullptr);
    EXPECT_EQ(table.find(c->id ^ (1ull << 24)), nullptr) << "the same slot of another loop";
}

std::string framed(tcp::TcpFramingOptions options, std::string_view body) {
    BlockPool pool;
    WriteQueue q;
    tcp::TcpFraming framing(options);
    const sara_str piece{body.data(), body.size()};
    EXPECT_TRUE(framing.frame(pool, q, &piece, 1));
    std::string wire = contents(q);
    q.clear(pool);
    return wire;
}

// Java clients of 2014 read 1024 bytes at a time and die when the end byte begins a read.
TEST(TcpFraming, PadsABodyOfAMultipleOf1024BytesByASpace) {
    for (const size_t n : {1022u, 1023u, 1025u, 2047u, 2049u}) {
        EXPECT_EQ(framed({}, std::string(n, 'x')), std::string(n, 'x') + "\x01");
    }
    for (const size_t n : {1024u, 2048u, 65536u}) {
        EXPECT_EQ(framed({}, std::string(n, 'x')), std::string(n, 'x') + " \x01");
    }
}

TEST(TcpFraming, PadsByTheLengthThatLeavesAlsoAfterRewriting) {
    const std::string body =
        "\"" + std::string(1024 - 8, 'x') + "\xc3\xa4\"";  // ä: 2 bytes become 6
    const std::string wire = framed({.ascii_json = true}, body);
    EXPECT_EQ(wire.size(), 1024u + 2);
    EXPECT_EQ(wire.substr(1023 - 6), "\\u00e4\" \x01");
}

TEST(TcpFraming, NeverSendsAnEmptyFrame) { EXPECT_EQ(framed({}, ""), ""); }

}  // namespace
}  // namespace sara::stream
