// The operator's backend behind the real server: logins, groups, offline notices, and what clients
// notice of a backend that goes wrong: nothing.
#include <atomic>
#include <future>
#include <set>

#include "kit/backend.h"
#include "kit/http.h"
#include "kit/tls_identity.h"
#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CallbackWireTest : public WireTest {
  protected:
    CallbackWireTest() { conf_.set("login_failure_delay_ms", "20"); }

    void use(const Backend& backend, const std::string& more = "", int timeout_ms = 300,
             const std::string& host = "127.0.0.1") {
        conf_.setText("callback", backend.url(host));
        conf_.set("plugins.auth-callback",
                  R"({"breaker_open_ms":50,"outbox_retry_ms":20,"timeout_ms":)" +
                      std::to_string(timeout_ms) + more + "}");
    }
    static std::string tokenIsRight(const BackendRequest& r) {
        return std::string(R"({"sn":"1","success":)") +
               (r.param("token") == "right" ? "true}" : "false}");
    }
    Client onlineWith(const std::string& jid, const std::string& token) {
        Client client = connect();
        const Packet reply = client.login(jid, "login", token);
        if (reply.result() != "ok") throw std::runtime_error("login refused: " + reply.text());
        client.acknowledge("login");
        return client;
    }
    static std::vector<std::string> idsOfNotices(const std::vector<BackendRequest>& requests) {
        std::vector<std::string> ids;
        for (const BackendRequest& request : requests) {
            const size_t begin = request.json.find(R"("id":")") + 6;
            ids.push_back(request.json.substr(begin, request.json.find('"', begin) - begin));
        }
        return ids;
    }
    // The longest of some messages from a to b, who are online.
    static Millis slowest(Client& a, Client& b, int count) {
        Millis longest{0};
        for (int i = 0; i < count; ++i) {
            const auto begin = Clock::now();
            a.send(chatPacket("m" + std::to_string(i), "alice@t.com", "bob@t.com", "hi", false));
            EXPECT_EQ(b.message().content(), "hi");
            longest = std::max(longest, std::chrono::duration_cast<Millis>(Clock::now() - begin));
        }
        return longest;
    }
};

TEST_F(CallbackWireTest, BackendDecidesWhoLogsIn) {
    Backend backend;
    backend.answer(tokenIsRight);
    use(backend);
    conf_.set("enable_auth", "true");
    EXPECT_EQ(connect().login("alice@t.com/pc", "L1", "right").result(), "ok");
    for (const char* token : {"wrong", "", "right "}) {
        Client bad = connect();
        const Packet reply = bad.login("alice@t.com/pc", "L2", token);
        EXPECT_EQ(reply.reason(), "fail_token") << token;
        EXPECT_EQ(reply.id(), "L2");
        EXPECT_TRUE(bad.closed());
    }
    EXPECT_EQ(backend.requests("auth").at(0).param("jid"), "alice@t.com/pc");
    EXPECT_EQ(backend.requests("auth").at(0).param("domain"), "t.com");  // defect 19
    EXPECT_EQ(readFile(folder_.file("sara.log")).find("right"), std::string::npos);
}

TEST_F(CallbackWireTest, WithoutEnableAuthNobodyIsAsked) {
    Backend backend;
    use(backend);
    Client alice = online("alice@t.com");
    EXPECT_EQ(backend.requests().size(), 0u);
}

TEST_F(CallbackWireTest, DeadAndSlowBackendsRefuseInTime) {
    for (const BackendMode mode : {BackendMode::kRefuse, BackendMode::kBlackHole}) {
        Backend backend(mode);
        use(backend);
        conf_.set("enable_auth", "true");
        start();
        const auto begin = Clock::now();
        EXPECT_EQ(connect().login("alice@t.com", "L1", "right").reason(), "fail_token");
        EXPECT_LT(Clock::now() - begin, Millis(4000));
        EXPECT_EQ(server().terminate(), 0);
    }
    serverMayEnd();
}

// Defect 45: callbacks held the session's thread, without a timeout. Two users chat while others
// log in, write to a group and to somebody away; a backend that held a loop would hold it for 300
// ms.
TEST_F(CallbackWireTest, ChatGoesOnInEachModeOfABadBackend) {
    auto backend = std::make_unique<Backend>();
    const uint16_t port = backend->port();
    use(*backend, R"(,"breaker_failures":10000)");
    conf_.set("enable_auth", "true").set("enable_offline_callback", "true");
    Client alice = onlineWith("alice@t.com", "");
    Client bob = onlineWith("bob@t.com", "");
    const BackendMode modes[] = {
        BackendMode::kRefuse,       BackendMode::kBlackHole,      BackendMode::kResetAfterHeaders,
        BackendMode::kSlow,         BackendMode::kByteByByte,     BackendMode::kEndlessBody,
        BackendMode::kHugeLength,   BackendMode::kNegativeLength, BackendMode::kManyHeaders,
        BackendMode::kRedirectLoop, BackendMode::kHtml,           BackendMode::kTextTrue,
        BackendMode::kErrorThenGood};
    for (const BackendMode mode : modes) {
        SCOPED_TRACE(static_cast<int>(mode));
        backend.reset();
        backend = std::make_unique<Backend>(mode, Backend::Identity{}, port);
        std::vector<Client> others;
        for (int i = 0; i < 20; ++i) {
            others.push_back(connect());
            others.back().send(loginPacket("L", "user" + std::to_string(i) + "@t.com", "x"));
        }
        const std::string number = std::to_string(static_cast<int>(mode));
        alice.send(chatPacket("g" + number, "alice@t.com", "", "to the group", false, 2,
                              R"(,"gid":"group)" + number + R"(")"));
        alice.send(chatPacket("o" + number, "alice@t.com", "away@t.com", "to the store", false));
        EXPECT_LT(slowest(alice, bob, 30), Millis(1500));
        for (Client& other : others) EXPECT_EQ(other.packet().type(), 0);
    }
}

TEST_F(CallbackWireTest, ChatGoesOnWhenTheCertificateOfTheBackendIsWrong) {
    const Backend::Identity good{folder_.file("good.pem"), folder_.file("good.key")};
    const Backend::Identity bad{folder_.file("bad.pem"), folder_.file("bad.key")};
    sara::wire::writeTlsIdentity(good.cert_path, good.key_path);
    sara::wire::writeTlsIdentity(bad.cert_path, bad.key_path);
    auto backend = std::make_unique<Backend>(BackendMode::kGood, good);
    const uint16_t port = backend->port();
    use(*backend, R"(,"ca_file":")" + good.cert_path + R"(")", 5000, "localhost");
    conf_.set("enable_auth", "true");
    Client alice = onlineWith("alice@t.com", "");
    Client bob = onlineWith("bob@t.com", "");
    backend.reset();
    backend = std::make_unique<Backend>(BackendMode::kGood, bad, port);
    EXPECT_EQ(connect().login("eve@t.com", "L1", "x").reason(), "fail_token");
    EXPECT_LT(slowest(alice, bob, 20), Millis(1500));
    EXPECT_EQ(backend->requests().size(), 0u);
}

TEST_F(CallbackWireTest, AnswerThatComesAfterTheClientLeftTouchesNobody) {
    Backend backend;
    std::promise<void> release;
    const std::shared_future<void> released = release.get_future().share();
    backend.answer([released](const BackendRequest& r) {
        if (r.param("token") == "held") released.wait();
        return std::string(R"({"success":true})");
    });
    use(backend, "", 4000);
    conf_.set("enable_auth", "true");
    Client bob = onlineWith("bob@t.com", "");
    // He leaves while the backend thinks, and comes back over another connection.
    for (int i = 0; i < 5; ++i) {
        Client gone = connect();
        gone.send(loginPacket("L", "alice@t.com", "held"));
        ASSERT_TRUE(backend.waitRequests(static_cast<size_t>(i) + 2, "auth"));
        gone.close();
    }
    Client alice = onlineWith("alice@t.com", "quick");
    Client leaver = connect();
    leaver.send(loginPacket("L", "carol@t.com", "held"));
    ASSERT_TRUE(backend.waitRequests(8, "auth"));
    leaver.close();
    release.set_value();
    // A login behind them: their answers have arrived when it has its own.
    Client later = onlineWith("dave@t.com", "");
    bob.send(chatPacket("m1", "bob@t.com", "alice@t.com", "still there?", false));
    EXPECT_EQ(alice.message().content(), "still there?");
    // Carol is not online: what is sent to her waits.
    sendAcked(bob, "bob@t.com", "carol@t.com", {"c1"});
    Client carol = connect();
    EXPECT_EQ(carol.login("carol@t.com", "L", "quick").delayTotal(), 1);
}

TEST_F(CallbackWireTest, GroupIsAskedForOnceAndItsMembersGetThePacket) {
    Backend backend;
    backend.answer([](const BackendRequest& r) {
        return std::string(
            r.param("gid") == "g1"
                ? R"({"sn":"1","success":"true","entity":{"users":["alice","bob@t.com",7]}})"
                : R"({"sn":"1","success":false})");
    });
    use(backend);
    Client alice = online("alice@t.com/pc");
    Client bob = online("bob@t.com");
    Client seven = online("7@t.com");
    for (const char* id : {"m1", "m2", "m3"}) {
        alice.send(chatPacket(id, "alice@t.com/pc", "", id, false, 2, R"(,"gid":"g1")"));
        EXPECT_EQ(bob.message().content(), id);
        EXPECT_EQ(seven.message().content(), id);
    }
    EXPECT_EQ(backend.requests("get_user_list").size(), 1u);
    alice.send(chatPacket("m4", "alice@t.com/pc", "", "x", false, 2, R"(,"gid":"g2")"));
    Packet notice = alice.message();
    while (notice.id() != "m4") notice = alice.message();
    EXPECT_EQ(notice.reason(), "group_notfound");
}

TEST_F(CallbackWireTest, ReloadMakesAChangedGroupKnownAtOnce) {
    Backend backend;
    std::atomic<bool> changed{false};
    backend.answer([&changed](const BackendRequest&) {
        const std::string third = changed.load() ? "carol" : "bob";
        return R"({"success":true,"entity":{"users":["alice",")" + third + R"("]}})";
    });
    use(backend);
    Client alice = online("alice@t.com");
    Client bob = online("bob@t.com");
    Client carol = online("carol@t.com");
    const auto write = [&alice](const std::string& id) {
        alice.send(chatPacket(id, "alice@t.com", "", id, false, 2, R"(,"gid":"7")"));
    };
    write("m1");
    EXPECT_EQ(bob.message().content(), "m1");
    changed.store(true);
    EXPECT_EQ(
        httpRpc(
            server().rpcPort(),
            R"({"sn":"S","service":"emsg_group","method":"reload","params":{"gid":7,"domain":"t.com"}})")
            .body,
        R"({"sn":"S","success":true})");
    write("m2");
    EXPECT_EQ(carol.message().content(), "m2");
    EXPECT_EQ(
        httpRpc(
            server().rpcPort(),
            R"({"sn":"S","service":"emsg_group","method":"reload","params":{"domain":"t.com"}})")
            .body,
        R"({"sn":"S","success":false,"entity":{"reason":"gid_not_be_empty"}})");
}

TEST_F(CallbackWireTest, ReadinessSaysThatTheBackendIsNotAskedAndWhenItIsAgain) {
    Backend backend(BackendMode::kError);
    use(backend, R"(,"breaker_failures":1,"auth_retries":0)");
    conf_.set("enable_auth", "true");
    EXPECT_EQ(httpGet(server().rpcPort(), "/readyz").status, 200);
    EXPECT_EQ(connect().login("alice@t.com", "L1", "x").reason(), "fail_token");
    const HttpAnswer red = httpGet(server().rpcPort(), "/readyz");
    EXPECT_EQ(red.status, 503);
    EXPECT_THAT(red.body, HasSubstr("breaker_open"));
    backend.mode(BackendMode::kGood);
    EXPECT_TRUE(waitUntil([&] {
        (void)connect().login("alice@t.com", "L1", "x");
        return httpGet(server().rpcPort(), "/readyz").status == 200;
    }));
}

TEST_F(CallbackWireTest, OrderlyEndDoesNotWaitForABackendThatIsSilent) {
    Backend backend(BackendMode::kBlackHole);
    use(backend, "", 60'000);
    conf_.set("enable_auth", "true").set("enable_offline_callback", "true");
    conf_.set("auth_timeout_ms", "60000").set("drain_timeout_ms", "1000");
    std::vector<Client> waiting;
    for (int i = 0; i < 10; ++i) {
        waiting.push_back(connect());
        waiting.back().send(loginPacket("L", "u" + std::to_string(i) + "@t.com", "x"));
    }
    ASSERT_TRUE(backend.waitRequests(10, "auth"));
    EXPECT_EQ(server().terminate(), 0);
    serverMayEnd();
}

TEST_F(CallbackWireTest, BackendIsToldAboutEveryStoredMessageInOrder) {
    Backend backend;
    use(backend);
    conf_.set("enable_offline_callback", "true");
    Client alice = online("alice@t.com");
    sendAcked(alice, "alice@t.com", "bob@t.com", {"m1", "m2", "m3"});
    ASSERT_TRUE(backend.waitRequests(3, "offline"));
    EXPECT_THAT(idsOfNotices(backend.requests("offline")), ElementsAre("m1", "m2", "m3"));
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(backend.requests("offline")[i].param("total"), std::to_string(i + 1))
            << "the badge on his telephone: what waits for him";
    }
    EXPECT_THAT(backend.requests("offline")[0].json, HasSubstr(R"("payload":{"content":"m1")"));
}

// Defect 38: the earlier server told nobody about messages that a session left unacknowledged.
TEST_F(CallbackWireTest, BackendIsToldAboutWhatWasStoredAtTheEndOfASession) {
    Backend backend;
    use(backend);
    conf_.set("enable_offline_callback", "true").set("ack_hold_ms", "60000");
    Client alice = online("alice@t.com");
    {
        Client bob = online("bob@t.com");
        alice.send(chatPacket("m1", "alice@t.com", "bob@t.com", "hi", true));
        EXPECT_EQ(bob.message().id(), "m1");
    }
    ASSERT_TRUE(backend.waitRequests(1, "offline"));
    EXPECT_THAT(idsOfNotices(backend.requests("offline")), ElementsAre("m1"));
}

TEST_F(CallbackWireTest, WithoutTheKeyTheBackendHearsNothing) {
    Backend backend;
    use(backend);
    Client alice = online("alice@t.com");
    sendAcked(alice, "alice@t.com", "bob@t.com", {"m1"});
    EXPECT_EQ(server().terminate(), 0);
    serverMayEnd();
    EXPECT_EQ(backend.requests().size(), 0u);
}

TEST_F(CallbackWireTest, NoticesForADeadBackendComeAfterARestart) {
    auto backend = std::make_unique<Backend>(BackendMode::kRefuse);
    const uint16_t port = backend->port();
    use(*backend);
    conf_.set("enable_offline_callback", "true");
    {
        Client alice = online("alice@t.com");
        sendAcked(alice, "alice@t.com", "bob@t.com", {"m1", "m2", "m3"});
        sendAcked(alice, "alice@t.com", "carol@t.com", {"m4"});
    }
    EXPECT_EQ(server().terminate(), 0);
    backend.reset();
    backend = std::make_unique<Backend>(BackendMode::kGood, Backend::Identity{}, port);
    start();
    ASSERT_TRUE(backend->waitRequests(4, "offline"));
    const auto ids = idsOfNotices(backend->requests("offline"));
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 4u);
    EXPECT_LT(std::find(ids.begin(), ids.end(), "m1"), std::find(ids.begin(), ids.end(), "m3"));
}

TEST_F(CallbackWireTest, NoticesSurviveKillMinusNine) {
    Backend backend(BackendMode::kError);
    use(backend, R"(,"outbox_sending_max":64,"breaker_failures":10000)");
    conf_.set("enable_offline_callback", "true");
    const size_t kUsers = 20;
    {
        Client alice = online("alice@t.com");
        for (size_t i = 0; i < kUsers; ++i) {
            sendAcked(alice, "alice@t.com", "u" + std::to_string(i) + "@t.com",
                      {"m" + std::to_string(i)});
        }
    }
    const auto serials = [&backend] {
        std::set<std::string> found;
        for (const BackendRequest& request : backend.requests("offline")) found.insert(request.sn);
        return found;
    };
    // What was tried once is on disk.
    ASSERT_TRUE(waitUntil([&] { return serials().size() == kUsers; }));
    server().killHard();
    const std::set<std::string> before = serials();
    const size_t tries = backend.requests("offline").size();
    backend.mode(BackendMode::kGood);
    start();
    ASSERT_TRUE(backend.waitRequests(tries + kUsers, "offline"));
    EXPECT_EQ(serials(), before) << "a repeat has the number of the first try";
}

TEST_F(CallbackWireTest, CheckNamesWhatIsWrongWithTheBackendsConfiguration) {
    const auto check = [this](const Conf& conf) {
        writeFile(folder_.file("check.json"), conf.json());
        return runSara(folder_.path().string(), {"check", "-c", folder_.file("check.json")});
    };
    Conf good = conf_;
    good.setText("callback", "https://backend.example:8443/request/");
    EXPECT_EQ(check(good).code, 0) << check(good).output;
    for (const char* url : {"ftp://host/", "http://", "host:80/path", "http://a b/"}) {
        Conf bad = conf_;
        bad.setText("callback", url);
        EXPECT_EQ(check(bad).code, 1) << url;
        EXPECT_THAT(check(bad).output, HasSubstr(R"(key "callback")")) << url;
    }
    Conf no_ca = good;
    no_ca.set("plugins.auth-callback", R"({"ca_file":"/no/such/file"})");
    EXPECT_EQ(check(no_ca).code, 1);
    EXPECT_THAT(check(no_ca).output,
                HasSubstr("plugins.auth-callback.ca_file\": found \"/no/such/file\" (text), "
                          "expected a file that can be read"));
    Conf typing = good;
    typing.set("plugins.auth-callback", R"({"timeout":5})");
    EXPECT_THAT(check(typing).output, HasSubstr("timeout_ms"));
}

TEST_F(CallbackWireTest, AuthPluginThatTheOperatorNamesIsAskedInstead) {
    Backend backend;
    use(backend);
    conf_.set("enable_auth", "true");
    conf_.set("plugin_dir",
              R"([")" SARA_BINARY_DIR R"(/lib/sara/plugins",")" SARA_BINARY_DIR R"(/examples"])");
    conf_.set("plugins.token-auth", R"({"tokens":"alice@t.com=right"})");
    EXPECT_EQ(connect().login("alice@t.com", "L1", "right").result(), "ok");
    EXPECT_EQ(connect().login("alice@t.com", "L1", "wrong").reason(), "fail_token");
    EXPECT_EQ(backend.requests().size(), 0u);
}

}  // namespace
}  // namespace sara::wire
