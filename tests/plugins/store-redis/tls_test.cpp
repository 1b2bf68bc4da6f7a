// Redis behind TLS, found by its name.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "redis_server.h"
#include "running_store.h"

namespace sara::store_redis {
namespace {

using namespace std::chrono_literals;

struct RedisTls : ::testing::Test {
    void SetUp() override {
        folder = (std::filesystem::temp_directory_path() / "sara-redis-tls-XXXXXX").string();
        ASSERT_NE(::mkdtemp(folder.data()), nullptr);
        const std::string line =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
            "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout " +
            folder + "/key.pem -out " + folder + "/cert.pem >/dev/null 2>&1";
        ASSERT_EQ(std::system(line.c_str()), 0);
        port = freePort();
        server = std::make_unique<RedisServer>(std::vector<std::string>{
            "--tls-port", std::to_string(port), "--bind", "127.0.0.1", "--tls-auth-clients", "no",
            "--tls-cert-file", folder + "/cert.pem", "--tls-key-file", folder + "/key.pem",
            "--tls-ca-cert-file", folder + "/cert.pem"});
    }
    void TearDown() override {
        server.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
    std::string at(const std::string& host) { return host + ":" + std::to_string(port); }
    std::string trusting() { return R"(, "tls": true, "tls_ca_file": ")" + folder + "/cert.pem\""; }

    std::string folder;
    uint16_t port = 0;
    std::unique_ptr<RedisServer> server;
};

TEST_F(RedisTls, AStoreBehindTlsWorksByName) {
    RunningStore store(at("localhost"), trusting());
    store.start();
    const std::string big(300'000, 'x');
    for (int i = 0; i < 10; ++i) {
        ASSERT_EQ(store.client().append("bob@demo", "m" + std::to_string(i), big).status, SARA_OK);
    }
    const auto found = store.client().fetchAll("bob@demo");
    ASSERT_EQ(found.size(), 10u);
    EXPECT_EQ(found[9].packet, big);
}

TEST_F(RedisTls, ACertificateForAnotherNameIsRefused) {
    RunningStore store(at("127.0.0.1"), trusting());
    ASSERT_TRUE(store.begin());
    EXPECT_TRUE(store.host().runUntil([&] { return store.host().logged("TLS handshake"); }, 5s));
    EXPECT_NE(store.health(), SARA_OK);
    RunningStore blind(at("127.0.0.1"), R"(, "tls": true, "tls_verify": false)");
    blind.start();
    EXPECT_EQ(blind.client().append("bob@demo", "m", "{}").status, SARA_OK);
}

TEST_F(RedisTls, AnUnknownAuthorityIsRefused) {
    RunningStore store(at("localhost"), R"(, "tls": true)");
    ASSERT_TRUE(store.begin());
    EXPECT_TRUE(store.host().runUntil([&] { return store.host().logged("TLS handshake"); }, 5s));
    EXPECT_NE(store.health(), SARA_OK);
}

TEST_F(RedisTls, FilesThatAreNotThereStopTheStartWithTheirName) {
    RunningStore store(at("localhost"), R"(, "tls": true, "tls_ca_file": "/nowhere.pem")");
    EXPECT_FALSE(store.begin());
    EXPECT_NE(store.host().error().find("/nowhere.pem"), std::string::npos);
    RunningStore off(at("localhost"), R"(, "tls_ca_file": "/nowhere.pem")");
    EXPECT_FALSE(off.begin());
    EXPECT_NE(off.host().error().find("key \"tls\""), std::string::npos);
}

}  // namespace
}  // namespace sara::store_redis
