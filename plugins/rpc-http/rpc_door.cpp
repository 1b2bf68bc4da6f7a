#include "rpc_door.h"

#include <chrono>
#include <sara/log.hpp>

#include "form.h"
#include "rpc_answer.h"
#include "steady_ms.h"

namespace sara::rpc_http {
namespace {

std::string withUpperFirst(std::string method) {
    if (method[0] >= 'a' && method[0] <= 'z') method[0] = static_cast<char>(method[0] - 'a' + 'A');
    return method;
}

}  // namespace

RpcDoor::RpcDoor(const Host& host, TokenGuard& guard, LoopCalls& calls)
    : host_(host), guard_(guard), calls_(calls) {
    const Metrics metrics(host);
    requests_ = metrics.counter("rpc_http_requests_total", "rpc requests over HTTP");
    malformed_ = metrics.counter("rpc_http_malformed_total", "rpc requests that are no request");
    unknown_ = metrics.counter("rpc_http_unknown_total", "rpc requests for unknown commands");
    wrong_tokens_ = metrics.counter("rpc_http_wrong_tokens_total",
                                    "rpc requests with a wrong token or password");
    barred_ =
        metrics.counter("rpc_http_barred_total", "requests refused at wrong_tokens_per_minute_max");
    failed_ = metrics.counter("rpc_http_failures_total", "commands that answered with a failure");
}

DoorAnswer RpcDoor::answer(std::string_view form, std::string_view query,
                           std::string_view address) {
    requests_.add();
    auto body = formField(form, "body");
    if (!body || body->empty()) body = formField(query, "body");
    if (!body || body->empty()) {
        malformed_.add();
        return {200, rpcError("1000", "params of body notfound")};
    }
    const auto request = RpcRequest::parse(*body);
    if (!request || request->service.empty()) {
        malformed_.add();
        return {200, rpcError("1002", "service error or notfound")};
    }
    if (request->method.empty()) {
        malformed_.add();
        return {200, rpcError("1002", "method error or notfound")};
    }
    return run(*request, address);
}

DoorAnswer RpcDoor::run(const RpcRequest& request, std::string_view address) {
    const std::string upper = withUpperFirst(request.method);
    std::string_view method = request.method;
    uint32_t flags = 0;
    const auto find = [&](std::string_view name) {
        method = name;
        return host_.rpc->find(host_.raw(), str(request.service), str(name), &flags);
    };
    sara_status found = find(request.method);
    if (found == SARA_E_NOTFOUND) found = find(upper);
    if (found != SARA_OK) {
        unknown_.add();
        if (found != SARA_E_NOTFOUND) return {200, rpcError("1003", "service not reg")};
        return {200, rpcError("1002", "method notfond ;;; " + upper)};
    }
    const uint64_t now = steadyMs();
    const TokenGuard::Answer token = guard_.ask(address, request.token, now);
    if (token == TokenGuard::Answer::kBarred) {
        barred_.add();
        return {429, rpcError("1003", "error token")};
    }
    const bool trusted = token == TokenGuard::Answer::kTrusted;
    if (!trusted && (flags & SARA_RPC_SELF_CHECKED) == 0) {
        wrong_tokens_.add();
        guard_.wrong(address, now);
        Log(host_).warn("wrong accesstoken from ", address, " for ", request.service, ".", method);
        return {200, rpcError("1003", "error token")};
    }
    const CallResult result =
        calls_.call(request.service, method, request.params, address, trusted);
    if (!ok(result.status)) failed_.add();
    // A command that checks its caller itself has found a wrong password: that is guessing too.
    if (!trusted && result.status == Status::kDenied) {
        wrong_tokens_.add();
        guard_.wrong(address, now);
    }
    return {200, rpcAnswer(request.sn, ok(result.status), entityOf(result))};
}

// What goes with the answer: the command's own value, else a word for what the caller cannot see.
std::string RpcDoor::entityOf(const CallResult& result) const {
    if (ok(result.status) || (!result.json.empty() && result.json[0] == '{')) return result.json;
    std::string entity = "{\"reason\":";
    if (!result.json.empty()) return entity + result.json + "}";
    switch (result.status) {
        case Status::kNotFound:
        case Status::kInvalid:
            return {};  // "no", as the earlier server says it
        case Status::kDenied:
            return entity + "\"denied\"}";
        case Status::kTimeout:
            return entity + "\"timeout\"}";
        case Status::kAgain:
        case Status::kFull:
            return entity + "\"busy\"}";
        case Status::kClosed:
            return entity + "\"closing\"}";
        default:
            return entity + "\"internal_error\"}";
    }
}

}  // namespace sara::rpc_http
