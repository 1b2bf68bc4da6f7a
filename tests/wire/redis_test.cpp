// The server on Redis: a file of the earlier server means it, what waits outlives the process and
// is there for another node, and without Redis nobody is told a lie.
#include "kit/wire_test.h"
#include "redis_server.h"

namespace sara::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RedisTest : public WireTest {
  protected:
    RedisTest() { conf_.remove("store").setText("dbaddr", redis_.address()); }

    store_redis::RedisServer redis_;
};

TEST_F(RedisTest, AFileOfTheEarlierServerKeepsItsMessagesInRedis) {
    Client a = online("a@t.com");
    sendAcked(a, "a@t.com", "off@t.com", {"m1", "m2"});
    EXPECT_EQ(redis_.number({"HLEN", "offline_off@t.com_idx"}), 2);
    EXPECT_THAT(redis_.text({"HGET", "offline_off@t.com_idx", "m1"}), HasSubstr(R"("id":"m1")"));
    restartAfterKill();
    Client off = connect();
    EXPECT_THAT(idsOf(off.login("off@t.com").delayed()), ElementsAre("m1", "m2"));
}

TEST_F(RedisTest, AMessageThatAGoNodeKeptComesWithTheLogin) {
    const std::string packet =
        R"({"envelope":{"id":"go1","type":1,"from":"a@t.com","to":"off@t.com","ack":1,)"
        R"("ct":"1795336638123"},"payload":{"attrs":{"message_type":"text"}}})";
    redis_.command({"HSET", "offline_off@t.com_idx", "go1", packet});
    Client off = connect();
    EXPECT_THAT(idsOf(off.loginAndAck("off@t.com").delayed()), ElementsAre("go1"));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (redis_.number({"HLEN", "offline_off@t.com_idx"}) != 0) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "acknowledged and still there";
    }
}

TEST_F(RedisTest, WithoutRedisNoMessageIsAckedAndLostAndOnlineUsersGoOn) {
    // Defects 27 and G8: an error of Redis looked like success.
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    redis_.kill();
    a.send(chatPacket("m1", "a@t.com", "b@t.com", "hello", true));
    EXPECT_EQ(b.packet().id(), "m1");
    a.send(chatPacket("m2", "a@t.com", "off@t.com", "hello", true));
    const Packet notice = a.packet();
    EXPECT_EQ(notice.result(), "sys_notify") << notice.text();
    EXPECT_THAT(notice.text(), HasSubstr("store_error"));
}

}  // namespace
}  // namespace sara::wire
