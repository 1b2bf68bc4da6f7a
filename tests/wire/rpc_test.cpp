// HTTP RPC as the clients of 2014 know it: paths, forms, error codes and texts, CORS, commands.
#include "kit/http.h"
#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kForm = "Content-Type: application/x-www-form-urlencoded\r\n";

class RpcTest : public WireTest {
  protected:
    RpcTest() { conf_.setText("accesstoken", "tok123"); }
    uint16_t port() { return server().rpcPort(); }
    // {"sn":"SN1",...} with the right token.
    static std::string request(const std::string& method, const std::string& params = "{}",
                               const std::string& token = "tok123") {
        const size_t dot = method.find('.');
        return R"({"sn":"SN1","service":")" + method.substr(0, dot) + R"(","method":")" +
               method.substr(dot + 1) + R"(","params":)" + params + R"(,"token":")" + token +
               R"("})";
    }
    std::string rpc(const std::string& json) { return httpRpc(port(), json).body; }
    std::string ask(const std::string& method, const std::string& params = "{}") {
        return rpc(request(method, params));
    }
};

const std::string kCounted =
    R"({"sn":"SN1","success":true,"entity":{"counters":[{"count":0,"node":"n01"}]}})";

TEST_F(RpcTest, ApiAndWhatIsBelowItAnswer) {
    const std::string form = formEncoded("body", request("emsg_session.counter"));
    for (const char* path : {"/api/", "/api/any/sub", "/api/?x=1", "/"}) {
        const HttpAnswer answer = httpSend(port(), "POST", path, kForm, form);
        EXPECT_EQ(answer.status, 200) << path;
        EXPECT_EQ(answer.body, kCounted) << path;
        EXPECT_EQ(answer.header("content-type"), "application/json") << path;
        EXPECT_EQ(answer.header("vary"), "Origin") << path;
        EXPECT_EQ(answer.header("access-control-allow-origin"), "") << path;
    }
}

TEST_F(RpcTest, OtherPathsAreRefusedAsTheEarlierServerDoes) {
    HttpAnswer answer = httpGet(port(), "/api");
    EXPECT_EQ(answer.status, 301);
    EXPECT_EQ(answer.header("location"), "/api/");
    for (const char* path : {"/nosuch", "/apix", "/ap", "//", "/metrics/", "/index.html"}) {
        answer = httpGet(port(), path);
        EXPECT_EQ(answer.status, 404) << path;
        EXPECT_EQ(answer.body, "404 page not found\n") << path;
        EXPECT_THAT(answer.header("content-type"), HasSubstr("text/plain")) << path;
    }
}

TEST_F(RpcTest, TheFormMayStandInTheQueryOfAnyMethodOrInTheBodyOfPostAndPut) {
    const std::string form = formEncoded("body", request("emsg_session.counter"));
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "PATCH", "BREW"}) {
        EXPECT_EQ(httpSend(port(), method, "/api/?" + form, "", "").body, kCounted) << method;
    }
    for (const char* method : {"POST", "PUT", "PATCH"}) {
        EXPECT_EQ(httpSend(port(), method, "/api/", kForm, form).body, kCounted) << method;
    }
    const std::string charset =
        "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n";
    EXPECT_EQ(httpSend(port(), "POST", "/api/", charset, form).body, kCounted);
    // The body's field goes before the query's.
    EXPECT_EQ(httpSend(port(), "POST", "/api/?body=x", kForm, form).body, kCounted);
}

TEST_F(RpcTest, WithoutAFieldBodyTheAnswerIs1000) {
    const std::string expected =
        R"({"success":false,"entity":{"errCode":"1000","reason":"params of body notfound"}})";
    const std::string json = request("emsg_session.counter");
    const std::string form = formEncoded("body", json);
    EXPECT_EQ(httpGet(port(), "/api/").body, expected);
    EXPECT_EQ(httpGet(port(), "/api/?body=").body, expected);
    EXPECT_EQ(httpGet(port(), "/api/?Body=1&bod=2").body, expected);
    EXPECT_EQ(httpSend(port(), "DELETE", "/api/", kForm, form).body, expected);
    EXPECT_EQ(httpSend(port(), "POST", "/api/", "Content-Type: application/json\r\n", json).body,
              expected);
    EXPECT_EQ(httpSend(port(), "POST", "/api/", "Content-Type: multipart/form-data; boundary=b\r\n",
                       "--b\r\nContent-Disposition: form-data; name=\"body\"\r\n\r\n" + json +
                           "\r\n--b--\r\n")
                  .body,
              expected);
    EXPECT_EQ(httpSend(port(), "POST", "/api/", "", form).body, expected);
    EXPECT_EQ(httpSend(port(), "POST", "/api/", kForm, "body=%7B%2").body, expected);
}

TEST_F(RpcTest, AnUnencodedBodyWithATrailingAmpersandIsRead) {
    // As emsg-sdk-java posts it.
    const std::string json = request("emsg_session.counter");
    EXPECT_EQ(httpSend(port(), "POST", "/api/", kForm, "body=" + json + "&").body, kCounted);
    EXPECT_EQ(httpSend(port(), "POST", "/api/", kForm, "x=1&body=" + json + "&y=2").body, kCounted);
}

TEST_F(RpcTest, ASemicolonIsData) {
    const std::string json =
        R"({"sn":"a;b","service":"emsg_session","method":"isonline","params":{},"token":"tok123"})";
    EXPECT_EQ(httpSend(port(), "POST", "/api/", kForm, "body=" + json).body,
              R"({"sn":"a;b","success":false})");
}

TEST_F(RpcTest, FrameworkErrorsHaveTheirCodesAndNoSn) {
    const auto error = [](const std::string& code, const std::string& reason) {
        return R"({"success":false,"entity":{"errCode":")" + code + R"(","reason":")" + reason +
               R"("}})";
    };
    const std::string no_service = error("1002", "service error or notfound");
    for (const char* body : {"nonsense", "{}", "[]", "7", "\"x\"", R"({"service":7,"method":"x"})",
                             R"({"service":"emsg_session","method":"counter"} trailing)",
                             R"({"service":"","method":"x"})", "{\"service\":\"\xff\"}"}) {
        EXPECT_EQ(rpc(body), no_service) << body;
    }
    const std::string no_method = error("1002", "method error or notfound");
    // Defect 6: an empty method was a panic.
    for (const char* body : {R"({"service":"emsg_session"})", R"({"service":"x","method":""})",
                             R"({"service":"emsg_session","method":null})",
                             R"({"service":"emsg_session","method":["counter"]})"}) {
        EXPECT_EQ(rpc(body), no_method) << body;
    }
    EXPECT_EQ(ask("nosuch.method"), error("1003", "service not reg"));
    EXPECT_EQ(ask("emsg_session.nosuch"), error("1002", "method notfond ;;; Nosuch"));
    EXPECT_EQ(ask("emsg_session.7<x"), error("1002", "method notfond ;;; 7\\u003cx"));
    // An unknown method is reported before the token is looked at.
    EXPECT_EQ(rpc(request("emsg_session.nosuch", "{}", "wrong")),
              error("1002", "method notfond ;;; Nosuch"));
    const std::string no_token = error("1003", "error token");
    for (const char* token : {"", "wrong", "tok12", "tok1234", "TOK123"}) {
        EXPECT_EQ(rpc(request("emsg_session.counter", "{}", token)), no_token) << token;
    }
    EXPECT_EQ(rpc(R"({"service":"emsg_session","method":"counter"})"), no_token);
    EXPECT_EQ(rpc(R"({"service":"emsg_session","method":"counter","token":123})"), no_token);
}

TEST_F(RpcTest, FirstLetterOfTheMethodIsCaseInsensitive) {
    EXPECT_EQ(ask("emsg_session.Counter"), kCounted);
    EXPECT_THAT(ask("emsg_session.COUNTER"), HasSubstr("method notfond ;;; COUNTER"));
    EXPECT_THAT(ask("Emsg_session.counter"), HasSubstr("service not reg"));
}

TEST_F(RpcTest, SnIsRepeatedAsText) {
    const auto with = [&](const std::string& sn) {
        return rpc("{" + sn + R"("service":"emsg_session","method":"isonline","token":"tok123"})");
    };
    EXPECT_EQ(with(R"("sn":"x\"y\u00e4",)"), "{\"sn\":\"x\\\"y\xC3\xA4\",\"success\":false}");
    EXPECT_EQ(with(R"("sn":12345678901234567890,)"),
              R"({"sn":"12345678901234567890","success":false})");
    EXPECT_EQ(with(R"("sn":1.50,)"), R"({"sn":"1.50","success":false})");
    EXPECT_EQ(with(R"("sn":true,)"), R"({"sn":"true","success":false})");
    // Defect 51: the earlier server said "sn":"null".
    EXPECT_EQ(with(""), R"({"success":false})");
    EXPECT_EQ(with(R"("sn":null,)"), R"({"success":false})");
}

TEST_F(RpcTest, IsOnlineFollowsLoginAndClose) {
    const std::string yes = R"({"sn":"SN1","success":true})";
    const std::string no = R"({"sn":"SN1","success":false})";
    EXPECT_EQ(ask("emsg_session.isonline", R"({"jid":"on@t.com"})"), no);
    {
        Client client = online("on@t.com/pc");
        EXPECT_EQ(ask("emsg_session.isonline", R"({"jid":"on@t.com"})"), yes);
        EXPECT_EQ(ask("emsg_session.isonline", R"({"jid":"on@t.com/x"})"), yes);
        EXPECT_EQ(ask("emsg_session.isonline", R"({"jid":"off@t.com"})"), no);
    }
    EXPECT_TRUE(
        waitUntil([&] { return ask("emsg_session.isonline", R"({"jid":"on@t.com"})") == no; }));
    // Defect 6: a jid that is no string was a panic.
    for (const char* params : {"{}", R"({"jid":7})", R"({"jid":["on@t.com"]})", R"({"jid":"on"})",
                               R"({"jid":""})", "[]", "null", "7", "\"on@t.com\""}) {
        EXPECT_EQ(ask("emsg_session.isonline", params), no) << params;
    }
}

TEST_F(RpcTest, CounterCountsWhoIsOnline) {
    EXPECT_EQ(ask("emsg_session.counter"), kCounted);
    Client a = online("a@t.com");
    Client b = online("b@t.com/x");
    Client waiting = connect();  // has not logged in
    EXPECT_EQ(ask("emsg_session.counter", "null"),
              R"({"sn":"SN1","success":true,"entity":{"counters":[{"count":2,"node":"n01"}]}})");
}

TEST_F(RpcTest, KickEndsASessionAndTheClientDoesNotReconnect) {
    Client victim = online("v@t.com/pc");
    EXPECT_EQ(ask("emsg_session.kick", R"({"jid":"v@t.com"})"), R"({"sn":"SN1","success":true})");
    EXPECT_TRUE(victim.closed());
    ASSERT_EQ(victim.rest().size(), 1u);
    EXPECT_EQ(victim.rest()[0], kKillBody);  // what stops the clients' reconnect
    EXPECT_EQ(ask("emsg_session.kick", R"({"jid":"v@t.com"})"),
              R"({"sn":"SN1","success":false,"entity":{"reason":"notfound"}})");
    EXPECT_EQ(ask("emsg_session.kick", R"({"jid":5})"),
              R"({"sn":"SN1","success":false,"entity":{"reason":"jid_invalid"}})");
}

TEST_F(RpcTest, ListShowsWhoIsOnlineByPage) {
    std::vector<Client> clients;
    for (const char* name : {"a", "b", "c", "d", "e"}) {
        clients.push_back(online(std::string(name) + "@t.com/pc"));
    }
    std::string seen, cursor;
    for (int page = 0; page < 10; ++page) {
        const std::string answer =
            ask("emsg_session.list",
                R"({"limit":2)" + (cursor.empty() ? "" : R"(,"cursor":")" + cursor + "\"") + "}");
        ASSERT_THAT(answer, HasSubstr(R"("success":true)"));
        seen += answer;
        const size_t at = answer.find(R"("cursor":")");
        if (at == std::string::npos) break;
        cursor = answer.substr(at + 10, answer.find('"', at + 10) - at - 10);
    }
    for (const char* name : {"a", "b", "c", "d", "e"}) {
        const std::string jid = std::string("\"") + name + "@t.com/pc\"";
        EXPECT_NE(seen.find(jid), std::string::npos) << seen;
        EXPECT_EQ(seen.find(jid), seen.rfind(jid)) << seen;
    }
    EXPECT_THAT(seen, HasSubstr(R"("transport":"tcp")"));
    EXPECT_THAT(ask("emsg_session.list", R"({"limit":0})"), HasSubstr("limit_invalid"));
}

TEST_F(RpcTest, CorsAnswersAsTheEarlierServerDoes) {
    const std::string form = formEncoded("body", request("emsg_session.counter"));
    const HttpAnswer normal = httpSend(port(), "POST", "/api/",
                                       std::string(kForm) + "Origin: http://web.t.com\r\n", form);
    EXPECT_EQ(normal.header("access-control-allow-origin"), "http://web.t.com");
    EXPECT_EQ(normal.header("vary"), "Origin");
    EXPECT_EQ(normal.header("access-control-allow-credentials"), "");

    const auto preflight = [&](const std::string& headers) {
        return httpSend(port(), "OPTIONS", "/api/", headers, "");
    };
    const std::string origin = "Origin: http://web.t.com\r\n";
    for (const char* method : {"POST", "GET"}) {
        const HttpAnswer yes = preflight(origin + "Access-Control-Request-Method: " + method +
                                         "\r\nAccess-Control-Request-Headers: Accept, "
                                         "content-type,ORIGIN\r\n");
        EXPECT_EQ(yes.status, 200);
        EXPECT_EQ(yes.body, "");
        EXPECT_EQ(yes.header("vary"),
                  "Origin|Access-Control-Request-Method|Access-Control-Request-Headers");
        EXPECT_EQ(yes.header("access-control-allow-origin"), "http://web.t.com");
        EXPECT_EQ(yes.header("access-control-allow-methods"), "POST");
        EXPECT_EQ(yes.header("access-control-allow-headers"), "Content-Type");
    }
    for (const std::string& headers :
         {origin + "Access-Control-Request-Method: DELETE\r\n", origin, std::string(),
          origin + "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: "
                   "Content-Type, X-Other\r\n"}) {
        const HttpAnswer no = preflight(headers);
        EXPECT_EQ(no.status, 200) << headers;
        EXPECT_EQ(no.header("access-control-allow-origin"), "") << headers;
        EXPECT_EQ(no.header("access-control-allow-methods"), "") << headers;
        EXPECT_EQ(no.header("vary"),
                  "Origin|Access-Control-Request-Method|Access-Control-Request-Headers");
    }
    HttpClient bare(port());  // no Content-Length at all
    bare.send("OPTIONS /api/ HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(bare.answer().status, 200);
}

TEST_F(RpcTest, TheTokenNeverReachesTheLog) {
    conf_.set("loglevel", "3");
    EXPECT_EQ(ask("emsg_session.counter"), kCounted);
    (void)rpc(request("emsg_session.counter", "{}", "guess-guess"));
    const std::string told = "wrong accesstoken from 127.0.0.1";
    EXPECT_TRUE(waitUntil(
        [&] { return readFile(folder_.file("sara.log")).find(told) != std::string::npos; }));
    const std::string log = server().output() + readFile(folder_.file("sara.log"));
    EXPECT_THAT(log, Not(HasSubstr("tok123")));
    EXPECT_THAT(log, Not(HasSubstr("guess-guess")));
}

TEST_F(RpcTest, AnEmptyTokenOpensLoopbackOnlyAndWarnsLoudly) {
    conf_.setText("accesstoken", "").setText("bind", "0.0.0.0");
    EXPECT_THAT(server().readyLine(), HasSubstr("rpc 127.0.0.1:"));
    EXPECT_TRUE(waitUntil([&] {
        return readFile(folder_.file("sara.log")).find("accesstoken is empty") != std::string::npos;
    }));
    EXPECT_EQ(rpc(request("emsg_session.counter", "{}", "whatever")), kCounted);
}

TEST_F(RpcTest, WithATokenItListensWhereBindSaysAndRpcbindGoesFirst) {
    conf_.setText("bind", "0.0.0.0");
    EXPECT_THAT(server().readyLine(), HasSubstr("rpc 0.0.0.0:"));
    server().killHard();
    conf_.setText("rpcbind", "127.0.0.1");
    start();
    EXPECT_THAT(server().readyLine(), HasSubstr("rpc 127.0.0.1:"));
}

}  // namespace
}  // namespace sara::wire
