// Signs what comes on stdin as we sign, for sigv4_peers_test.py: an array of requests in JSON, and an array of answers.
#include <boost/json.hpp>
#include <iostream>
#include <iterator>
#include <string>

#include "net/aws/signature_v4.h"

namespace {

namespace json = boost::json;
using straykey::AwsRequest;

std::string text_of(const json::object& object, std::string_view name) {
  return std::string(object.at(name).get_string());
}

AwsRequest::Fields fields_of(const json::value& pairs) {
  AwsRequest::Fields fields;
  for (const json::value& pair : pairs.get_array())
    fields.emplace_back(pair.get_array().at(0).get_string().c_str(), pair.get_array().at(1).get_string().c_str());
  return fields;
}

json::object answer(const json::object& asked) {
  using straykey::SigningScope;
  AwsRequest request;
  request.method = text_of(asked, "method");
  request.host = text_of(asked, "host");
  request.path = text_of(asked, "path");
  request.query = fields_of(asked.at("query"));
  request.headers = fields_of(asked.at("headers"));
  request.body = text_of(asked, "body");
  const straykey::AwsCredentials credentials{text_of(asked, "key"), text_of(asked, "secret"), text_of(asked, "token"),
                                             0};
  SigningScope scope{text_of(asked, "region"), text_of(asked, "service"),
                     asked.at("now").to_number<straykey::Seconds>()};
  if (scope.service == "s3") scope.rules = SigningScope::Rules::s3;
  const auto result = straykey::sign_v4(request, credentials, scope);
  json::object headers;
  for (const auto& [name, value] : result.headers) headers[name] = value;
  return {{"target", result.target}, {"headers", headers}};
}

}  // namespace

int main() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const json::value asked = json::parse(text);
  json::array answers;
  for (const json::value& each : asked.get_array()) answers.push_back(answer(each.get_object()));
  std::cout << json::serialize(answers) << "\n";
}
