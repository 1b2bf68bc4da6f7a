// The rpc port as operators and strangers meet it: metrics, health, slow and hostile callers.
#include <signal.h>
#include <sys/resource.h>

#include <set>
#include <sstream>

#include "kit/http.h"
#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kCounter = R"({"service":"emsg_session","method":"counter","token":"tok123"})";

class OperatorTest : public WireTest {
  protected:
    OperatorTest() { conf_.setText("accesstoken", "tok123"); }
    uint16_t port() { return server().rpcPort(); }
    // Value of a metric, -1 when it is not there.
    int64_t metric(const std::string& name) {
        const std::string text = "\n" + httpGet(port(), "/metrics").body;
        const size_t at = text.find("\n" + name + " ");
        return at == std::string::npos ? -1 : std::stoll(text.substr(at + name.size() + 2));
    }
    std::string counter() { return httpRpc(port(), kCounter).body; }
};

bool isName(const std::string& name) {
    return !name.empty() &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

TEST_F(OperatorTest, MetricsAreWellFormedPrometheusText) {
    Client a = online("a@t.com");
    const HttpAnswer answer = httpGet(port(), "/metrics");
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.header("content-type"), StartsWith("text/plain; version=0.0.4"));
    ASSERT_FALSE(answer.body.empty());
    EXPECT_EQ(answer.body.back(), '\n');
    std::set<std::string> families;
    std::string family, type;
    bool helped = false;
    std::istringstream lines(answer.body);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string hash, kind, name, rest;
        if (line[0] == '#') {
            words >> hash >> kind >> name >> rest;
            EXPECT_TRUE(isName(name)) << line;
            if (kind == "HELP") {
                EXPECT_TRUE(families.insert(name).second) << name << " comes twice";
                EXPECT_FALSE(rest.empty()) << line;
                family = name;
                helped = true;
            } else {
                EXPECT_EQ(kind, "TYPE") << line;
                EXPECT_TRUE(helped && name == family) << line;
                EXPECT_TRUE(rest == "counter" || rest == "gauge") << line;
                const bool total = name.size() > 6 && name.substr(name.size() - 6) == "_total";
                EXPECT_EQ(rest == "counter", total) << line;
                helped = false;
            }
            continue;
        }
        words >> name >> rest;
        EXPECT_EQ(name.substr(0, name.find('{')), family) << line;
        size_t used = 0;
        EXPECT_NO_THROW((void)std::stod(rest, &used)) << line;
        EXPECT_EQ(used, rest.size()) << line;
    }
    for (const char* name :
         {"sara_build_info", "sara_chat_sessions", "sara_chat_logins_total", "sara_rpc_kicks_total",
          "sara_rpc_http_requests_total", "sara_blacklist_dropped_total", "sara_ready",
          "sara_check", "sara_loop_mailbox_full_total", "process_open_fds"}) {
        EXPECT_TRUE(families.contains(name)) << name;
    }
}

TEST_F(OperatorTest, MetricsFollowWhatHappens) {
    EXPECT_EQ(metric("sara_chat_sessions"), 0);
    Client a = online("a@t.com");
    EXPECT_EQ(metric("sara_chat_sessions"), 1);
    EXPECT_EQ(metric("sara_chat_logins_total"), 1);
    (void)httpRpc(port(), R"({"service":"emsg_session","method":"kick","token":"tok123",)"
                          R"("params":{"jid":"a@t.com"}})");
    EXPECT_EQ(metric("sara_rpc_kicks_total"), 1);
    (void)httpRpc(port(), "nonsense");
    EXPECT_EQ(metric("sara_rpc_http_malformed_total"), 1);
    EXPECT_EQ(metric("sara_rpc_http_requests_total"), 2);
    EXPECT_EQ(metric("sara_ready"), 1);
}

TEST_F(OperatorTest, MetricsMayBeKeptFromStrangers) {
    conf_.set("plugins.rpc-http", R"({"metrics_need_token":true})");
    EXPECT_EQ(httpGet(port(), "/metrics").status, 401);
    EXPECT_EQ(httpGet(port(), "/metrics", "Authorization: Bearer wrong\r\n").status, 401);
    EXPECT_EQ(httpGet(port(), "/metrics", "Authorization: Bearer tok123\r\n").status, 200);
    EXPECT_EQ(httpGet(port(), "/healthz").status, 200);
}

TEST_F(OperatorTest, HealthzAndReadyzSayThatAllIsWell) {
    HttpAnswer answer = httpGet(port(), "/healthz");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"alive":true})");
    answer = httpGet(port(), "/readyz");
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(answer.body, StartsWith(R"({"ready":true,"checks":{)"));
    EXPECT_THAT(answer.body, HasSubstr(R"("server":{"ok":true})"));
    EXPECT_THAT(answer.body, HasSubstr(R"("store":{"ok":true})"));
    EXPECT_EQ(httpSend(port(), "POST", "/readyz", "", "").status, 405);
    EXPECT_EQ(httpSend(port(), "HEAD", "/healthz", "", "").status, 200);
}

TEST_F(OperatorTest, ReadyzIsRedWhileTheStoreFailsAndGreenAgain) {
    // The server inherits that a write above the limit is an error and not its death.
    ::signal(SIGXFSZ, SIG_IGN);
    conf_.setText("logfile", "");
    Client a = online("a@t.com");
    ::signal(SIGXFSZ, SIG_DFL);
    sendAcked(a, "a@t.com", "away@t.com", {"m1"});
    EXPECT_EQ(httpGet(port(), "/readyz").status, 200);
    rlimit none{1, RLIM_INFINITY};
    ASSERT_EQ(::prlimit(server().pid(), RLIMIT_FSIZE, &none, nullptr), 0);
    a.send(chatPacket("m2", "a@t.com", "away@t.com", "x", true));
    EXPECT_EQ(a.packet().type(), 4);  // no ack: it is not safe
    HttpAnswer red;
    EXPECT_TRUE(waitUntil([&] { return (red = httpGet(port(), "/readyz")).status == 503; }));
    EXPECT_THAT(red.body, StartsWith(R"({"ready":false)"));
    EXPECT_THAT(red.body, HasSubstr(R"("store":{"ok":false,"reason":"store_)"));
    EXPECT_THAT(httpGet(port(), "/metrics").body, HasSubstr("sara_check{name=\"store\"} 0\n"));
    EXPECT_EQ(httpGet(port(), "/healthz").status, 200);  // the process lives
    rlimit all{RLIM_INFINITY, RLIM_INFINITY};
    ASSERT_EQ(::prlimit(server().pid(), RLIMIT_FSIZE, &all, nullptr), 0);
    int n = 3;
    EXPECT_TRUE(waitUntil([&] {
        a.send(chatPacket("m" + std::to_string(n++), "a@t.com", "away@t.com", "x", true));
        (void)a.packet();
        return httpGet(port(), "/readyz").status == 200;
    }));
}

TEST_F(OperatorTest, ADrainingServerIsNotReady) {
    conf_.set("drain_timeout_ms", "3000");
    Client slow = online("slow@t.com");  // reads nothing, so that its end takes time
    HttpClient kept(port());
    kept.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(kept.answer().status, 200);
    server().signal(SIGTERM);
    serverMayEnd();
    // Either the answer says so, or the server has gone already.
    for (;;) {
        if (!kept.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")) break;
        const HttpAnswer answer = kept.answer();
        if (answer.status != 200) {
            EXPECT_TRUE(answer.status == 503 || answer.status == 0) << answer.status;
            break;
        }
    }
    EXPECT_EQ(server().waitExit(), 0);
}

TEST_F(OperatorTest, SlowCallersAreCutAndOthersGetThrough) {
    conf_.set("plugins.rpc-http", R"({"threads_max":3,"queue_max":8,"request_timeout_ms":20000})");
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    std::vector<std::unique_ptr<HttpClient>> lorises;
    for (int i = 0; i < 6; ++i) {
        lorises.push_back(std::make_unique<HttpClient>(port()));
        lorises.back()->send("POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Le");
    }
    // They hold every thread for 20 s each; whoever waits gets one of them within about a second.
    EXPECT_EQ(counter(), R"({"success":true,"entity":{"counters":[{"count":2,"node":"n01"}]}})");
    a.send(chatPacket("m1", "a@t.com", "b@t.com", "x", false));
    EXPECT_EQ(b.packet().id(), "m1");
    EXPECT_GE(metric("sara_rpc_http_cut_total"), 1);
}

TEST_F(OperatorTest, OneByteNowAndThenDoesNotHoldAThreadForEver) {
    conf_.set("plugins.rpc-http", R"({"request_timeout_ms":700})");
    HttpClient drip(port());
    drip.send("POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    // Waits for the end between two bytes; the body would take half an hour.
    bool cut = false;
    for (const Deadline deadline(Millis(8000)); !cut && !deadline.passed();) {
        cut = !drip.send("x") || drip.closed(Millis(20));
    }
    EXPECT_TRUE(cut);
    EXPECT_EQ(metric("sara_rpc_http_cut_total"), 1);
}

TEST_F(OperatorTest, WrongTokensBarAnAddressForAWhile) {
    conf_.set("plugins.rpc-http", R"({"wrong_tokens_per_minute_max":4})");
    EXPECT_THAT(counter(), HasSubstr(R"("success":true)"));
    for (int i = 0; i < 4; ++i) {
        const HttpAnswer wrong =
            httpRpc(port(), R"({"service":"emsg_session","method":"counter","token":"x"})");
        EXPECT_EQ(wrong.status, 200);
        EXPECT_THAT(wrong.body, HasSubstr("error token"));
    }
    const HttpAnswer barred = httpRpc(port(), kCounter);  // the right one
    EXPECT_EQ(barred.status, 429);
    EXPECT_EQ(barred.header("retry-after"), "60");
    EXPECT_EQ(barred.body,
              R"({"success":false,"entity":{"errCode":"1003","reason":"error token"}})");
    EXPECT_EQ(metric("sara_rpc_http_wrong_tokens_total"), 4);
    EXPECT_EQ(metric("sara_rpc_http_barred_total"), 1);
}

TEST_F(OperatorTest, BodiesAboveTheLimitAreRefusedBeforeTheyAreRead) {
    conf_.set("plugins.rpc-http", R"({"body_bytes_max":2048})");
    HttpClient announced(port());
    announced.send("POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
    EXPECT_EQ(announced.answer().status, 413);
    EXPECT_TRUE(announced.closed());
    HttpClient chunked(port());
    chunked.send("POST /api/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "400\r\n" + std::string(1024, 'x') + "\r\n";
    for (int i = 0; i < 3; ++i) chunked.send(chunk);
    EXPECT_EQ(chunked.answer().status, 413);
    EXPECT_EQ(metric("sara_rpc_http_body_too_large_total"), 2);
}

TEST_F(OperatorTest, GarbageHarmsNobody) {
    const std::string long_line(100'000, 'x');
    for (const std::string& bytes :
         {std::string("\x16\x03\x01\x02\x00\x01\x00", 7), std::string("\r\n\r\n\r\n"),
          std::string("GET\r\n\r\n"), "GET /" + long_line + " HTTP/1.1\r\n\r\n",
          std::string("GET / HTTP/9.9\r\n\r\n"), long_line,
          "GET / HTTP/1.1\r\nX: " + long_line + "\r\n\r\n",
          std::string("POST /api/ HTTP/1.1\r\nContent-Length: -5\r\n\r\n"),
          std::string("POST /api/ HTTP/1.1\r\nContent-Length: 5x\r\n\r\nabc"),
          std::string("POST /api/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
          std::string("{\"envelope\":{\"id\":\"x\",\"type\":0}}\x01"),
          std::string("GET / HTTP/1.1\r\n\0\0\0: x\r\n\r\n", 27)}) {
        HttpClient client(port());
        client.send(bytes);
        // One answer or none; a hundred headers more do not change it.
        for (int i = 0; i < 200; ++i) {
            if (!client.send("X-" + std::to_string(i) + ": y\r\n")) break;
        }
    }
    EXPECT_THAT(counter(), HasSubstr(R"("success":true)"));
}

// One of six ends took ten seconds: POCO's stop() missed a thread that was about to wait.
TEST_F(OperatorTest, AnOrderlyEndNeverWaitsForAThreadThatHasNothingToDo) {
    for (int i = 0; i < 8; ++i) {
        start();
        for (int n = 0; n < 4; ++n) HttpClient(port()).send("GET\r\n\r\n");
        const auto begin = Clock::now();
        EXPECT_EQ(server().terminate(), 0);
        EXPECT_LT(Clock::now() - begin, Millis(5'000));
    }
    serverMayEnd();
}

TEST_F(OperatorTest, AKeptConnectionServesManyRequestsInOrder) {
    HttpClient client(port());
    const std::string form = formEncoded("body", kCounter);
    const std::string request =
        "POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Type: "
        "application/x-www-form-urlencoded\r\nContent-Length: " +
        std::to_string(form.size()) + "\r\n\r\n" + form;
    client.send(request + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + request);
    EXPECT_THAT(client.answer().body, HasSubstr("counters"));
    EXPECT_EQ(client.answer().body, R"({"alive":true})");
    EXPECT_THAT(client.answer().body, HasSubstr("counters"));
    HttpClient old(port());
    old.send("GET /healthz HTTP/1.0\r\n\r\n");
    EXPECT_EQ(old.answer().status, 200);
    EXPECT_TRUE(old.closed());
}

TEST_F(OperatorTest, ATakenPortIsOneClearSentence) {
    Conf second = conf_;
    second.setText("datadir", folder_.file("second")).setText("pidfile", folder_.file("pid2"));
    second.set("rpcport", std::to_string(port()));
    try {
        const ServerProcess other(folder_.file(""), second);
        ADD_FAILURE() << "two servers on one rpc port";
    } catch (const std::runtime_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("rpcport"));
        EXPECT_THAT(e.what(), HasSubstr(std::to_string(port())));
    }
}

}  // namespace
}  // namespace sara::wire
