#include "page_handler.h"

#include <Poco/Exception.h>

#include <chrono>
#include <istream>

#include "form.h"
#include "steady_ms.h"

namespace sara::rpc_http {
namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kText = "text/plain; charset=utf-8";

std::string lowerCase(std::string text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

// Every header that a browser wants to send is one that it may send.
bool knownHeaders(const std::string& list) {
    size_t begin = 0;
    while (begin <= list.size()) {
        const size_t end = std::min(list.find(',', begin), list.size());
        std::string name = lowerCase(list.substr(begin, end - begin));
        name.erase(0, std::min(name.find_first_not_of(" \t"), name.size()));
        name.erase(name.find_last_not_of(" \t") + 1);
        if (!name.empty() && name != "origin" && name != "accept" && name != "content-type") {
            return false;
        }
        begin = end + 1;
    }
    return true;
}

bool isStatusPath(const std::string& path) {
    return path == "/metrics" || path == "/healthz" || path == "/readyz";
}

}  // namespace

void PageHandler::handleRequest(Request& request, Response& response) {
    const std::string& uri = request.getURI();
    const size_t mark = uri.find('?');
    const std::string path = uri.substr(0, mark);
    const std::string query = mark == std::string::npos ? "" : uri.substr(mark + 1);
    std::string body;
    if (!readBody(request, body)) {
        desk_.too_large.add();
        response.setKeepAlive(false);  // the rest of the body is still on its way
        send(response, 413, kText, "request body too large\n");
        return;
    }
    entry_.answering();
    if (path == "/" || path.rfind("/api/", 0) == 0) {
        if (request.getMethod() == Poco::Net::HTTPRequest::HTTP_OPTIONS) {
            preflight(request, response);
        } else {
            api(request, response, query, body);
        }
    } else if (path == "/api") {
        response.set("Location", "/api/" + (query.empty() ? query : "?" + query));
        send(response, 301, kText, "");
    } else if (isStatusPath(path) && request.getMethod() != "GET" &&
               request.getMethod() != "HEAD") {
        response.set("Allow", "GET, HEAD");
        send(response, 405, kText, "method not allowed\n");
    } else if (path == "/metrics") {
        metrics(request, response);
    } else if (isStatusPath(path)) {
        const Page page = path == "/healthz" ? desk_.pages.healthz() : desk_.pages.readyz();
        response.set("Cache-Control", "no-store");
        send(response, page.status, kJson, page.body);
    } else {
        response.set("X-Content-Type-Options", "nosniff");
        send(response, 404, kText, "404 page not found\n");
    }
    entry_.waiting();
}

// False: it is longer than body_bytes_max, as announced or as found.
bool PageHandler::readBody(Request& request, std::string& body) {
    const uint64_t most = desk_.settings.body_bytes_max;
    if (request.hasContentLength() && static_cast<uint64_t>(request.getContentLength64()) > most) {
        return false;
    }
    // POCO would wait for the end of the connection.
    if (!request.hasContentLength() && !request.getChunkedTransferEncoding()) return true;
    std::istream& in = request.stream();
    char block[8192];
    // What has arrived, not what would fill the block: the limit counts before the caller is done.
    while (in.peek() != std::char_traits<char>::eof()) {
        const auto n = in.readsome(block, sizeof block);
        body.append(block, static_cast<size_t>(n));
        if (body.size() > most) return false;
    }
    // A caller who announces more than he sends has broken off: what came is no request.
    if (request.hasContentLength() &&
        body.size() < static_cast<uint64_t>(request.getContentLength64())) {
        throw Poco::IOException("the request ended early");
    }
    return true;
}

void PageHandler::api(Request& request, Response& response, const std::string& query,
                      const std::string& body) {
    const std::string& method = request.getMethod();
    const bool may_have_form = method == "POST" || method == "PUT" || method == "PATCH";
    const bool form = may_have_form && isForm(request.getContentType());
    const std::string address = request.clientAddress().host().toString();
    const DoorAnswer answer =
        desk_.door.answer(form ? std::string_view(body) : std::string_view(), query, address);
    response.set("Vary", "Origin");
    const std::string origin = request.get("Origin", "");
    if (!origin.empty()) response.set("Access-Control-Allow-Origin", origin);
    if (answer.status == 429) response.set("Retry-After", "60");
    send(response, answer.status, kJson, answer.body);
}

void PageHandler::preflight(Request& request, Response& response) {
    response.add("Vary", "Origin");
    response.add("Vary", "Access-Control-Request-Method");
    response.add("Vary", "Access-Control-Request-Headers");
    const std::string origin = request.get("Origin", "");
    const std::string method = request.get("Access-Control-Request-Method", "");
    if (!origin.empty() && (method == "POST" || method == "GET") &&
        knownHeaders(request.get("Access-Control-Request-Headers", ""))) {
        response.set("Access-Control-Allow-Origin", origin);
        response.set("Access-Control-Allow-Methods", "POST");
        response.set("Access-Control-Allow-Headers", "Content-Type");
    }
    send(response, 200, "", "");
}

void PageHandler::metrics(Request& request, Response& response) {
    int status = 200;
    if (!mayReadMetrics(request, status)) {
        response.set("WWW-Authenticate", "Bearer");
        send(response, status, kText, "accesstoken wanted\n");
        return;
    }
    send(response, 200, "text/plain; version=0.0.4; charset=utf-8", desk_.pages.metrics());
}

bool PageHandler::mayReadMetrics(Request& request, int& status) {
    if (!desk_.settings.metrics_need_token) return true;
    const std::string address = request.clientAddress().host().toString();
    const std::string given = request.get("Authorization", "");
    const uint64_t now = steadyMs();
    const std::string token = given.rfind("Bearer ", 0) == 0 ? given.substr(7) : std::string();
    const TokenGuard::Answer answer = desk_.guard.ask(address, token, now);
    if (answer == TokenGuard::Answer::kTrusted) return true;
    if (answer == TokenGuard::Answer::kWrong && !given.empty()) desk_.guard.wrong(address, now);
    status = answer == TokenGuard::Answer::kBarred ? 429 : 401;
    return false;
}

void PageHandler::send(Response& response, int status, const std::string& type,
                       const std::string& body) {
    response.setStatusAndReason(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(status));
    if (!type.empty()) response.setContentType(type);
    response.sendBuffer(body.data(), body.size());
}

}  // namespace sara::rpc_http
