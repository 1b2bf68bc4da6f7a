// What `sara makeconn` takes on its command line.
#include "makeconn/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "makeconn/endpoint.h"

namespace sara::makeconn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Options good(const std::vector<std::string>& args) {
    Options options;
    EXPECT_EQ(parseOptions(args, options), "");
    return options;
}

std::string wrong(const std::vector<std::string>& args) {
    Options options;
    return parseOptions(args, options);
}

TEST(MakeconnOptions, WithoutWordsAreThoseOfTheEarlierServer) {
    const Options options = good({});
    EXPECT_EQ(options.total, 1024u);
    EXPECT_EQ(options.host, "localhost");
    EXPECT_EQ(options.port, 4222);
    EXPECT_EQ(options.heartbeat_s, 50);
    EXPECT_EQ(options.message_bytes, 0u);
    EXPECT_EQ(options.messagesPerSecond(), 0);
}

TEST(MakeconnOptions, AreTakenInEveryForm) {
    for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
             {"-t", "10", "-l", "10.0.0.1,10.0.0.2", "-a", "chat.example:99", "-b", "30", "--ms",
              "100", "--mg", "2"},
             {"--total", "10", "--laddr", "10.0.0.1,10.0.0.2", "--raddr", "chat.example:99",
              "--heartbeat", "30", "--messagesize", "100", "--messagegap", "2"},
             {"--total=10", "--laddr=10.0.0.1,10.0.0.2", "--raddr=chat.example:99",
              "--heartbeat=30", "--messagesize=100", "--mg=2"}}) {
        const Options options = good(args);
        EXPECT_EQ(options.total, 10u);
        EXPECT_THAT(options.laddr, ElementsAre("10.0.0.1", "10.0.0.2"));
        EXPECT_EQ(options.host, "chat.example");
        EXPECT_EQ(options.port, 99);
        EXPECT_EQ(options.heartbeat_s, 30);
        EXPECT_EQ(options.message_bytes, 100u);
        EXPECT_EQ(options.messagesPerSecond(), 5);
    }
}

TEST(MakeconnOptions, TransportChoosesThePort) {
    EXPECT_EQ(good({"--tls"}).port, 4333);
    EXPECT_EQ(good({"--ws"}).port, 4224);
    EXPECT_EQ(good({"--ws", "--tls", "-a", "chat.example"}).port, 4334);
    EXPECT_EQ(good({"--tls", "-a", "chat.example:7"}).port, 7);
}

TEST(MakeconnOptions, ARateAloneSendsMessages) {
    const Options options = good({"--rate", "250.5"});
    EXPECT_EQ(options.messagesPerSecond(), 250.5);
    EXPECT_GT(options.message_bytes, 0u);
}

TEST(MakeconnOptions, RefuseWhatMakesNoSense) {
    EXPECT_THAT(wrong({"--totl", "1"}), HasSubstr("unknown argument '--totl'"));
    EXPECT_THAT(wrong({"-t"}), HasSubstr("--total needs a value"));
    EXPECT_THAT(wrong({"-t", "0"}), HasSubstr("--total must be 1 to"));
    EXPECT_THAT(wrong({"-t", "-5"}), HasSubstr("found '-5'"));
    EXPECT_THAT(wrong({"-b", "nan"}), HasSubstr("--heartbeat must be seconds"));
    EXPECT_THAT(wrong({"--duration", "1x"}), HasSubstr("found '1x'"));
    EXPECT_THAT(wrong({"--rate", "0"}), HasSubstr("--rate must be"));
    EXPECT_THAT(wrong({"-a", "chat.example:0"}), HasSubstr("--raddr must be HOST:PORT"));
    EXPECT_THAT(wrong({"-l", "1.1.1.1,,2.2.2.2"}), HasSubstr("--laddr"));
    EXPECT_THAT(wrong({"--ms", "10", "--mg", "0"}), HasSubstr("--messagegap must be more than 0"));
    EXPECT_THAT(wrong({"--password", "a\"b"}), HasSubstr("--password"));
    EXPECT_THAT(wrong({"--tls=yes"}), HasSubstr("unknown argument '--tls=yes'"));
    EXPECT_THAT(wrong({"word"}), HasSubstr("unknown argument 'word'"));
}

TEST(MakeconnEndpoint, SplitsNamesNumbersAndIpv6) {
    std::string host;
    uint16_t port = 7;
    EXPECT_TRUE(splitAddress("chat.example:1", &host, &port));
    EXPECT_EQ(host + " " + std::to_string(port), "chat.example 1");
    EXPECT_TRUE(splitAddress("[::1]:4222", &host, &port));
    EXPECT_EQ(host + " " + std::to_string(port), "::1 4222");
    EXPECT_TRUE(splitAddress("fe80::1", &host, &port));
    EXPECT_EQ(host + " " + std::to_string(port), "fe80::1 4222");
    for (const char* bad : {"", ":1", "a:", "a:x", "a:65536", "[::1", "[::1]:"}) {
        EXPECT_FALSE(splitAddress(bad, &host, &port)) << bad;
    }
}

TEST(MakeconnEndpoint, KnowsLoopbackAndSaysWhatItCannotResolve) {
    Endpoint endpoint;
    EXPECT_EQ(resolve("127.0.0.9", 80, AF_UNSPEC, &endpoint), "");
    EXPECT_TRUE(endpoint.isLoopback());
    EXPECT_EQ(resolve("10.0.0.1", 80, AF_UNSPEC, &endpoint), "");
    EXPECT_FALSE(endpoint.isLoopback());
    EXPECT_EQ(resolve("::1", 80, AF_UNSPEC, &endpoint), "");
    EXPECT_TRUE(endpoint.isLoopback());
    EXPECT_THAT(resolve("::1", 80, AF_INET, &endpoint), HasSubstr("::1: "));
}

}  // namespace
}  // namespace sara::makeconn
