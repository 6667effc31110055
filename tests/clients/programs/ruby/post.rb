# Posts a file with Net::HTTP: post.rb URL TOKEN CA FILE. Prints the status and the answer; exit code 1 unless 200.
require 'net/http'

url, token, authority, file = ARGV
uri = URI(url)
http = Net::HTTP.new(uri.host, uri.port)
http.use_ssl = true
http.ca_file = authority
answer = http.post(uri.path, File.binread(file), 'Authorization' => "Bearer #{token}")
puts "#{answer.code} #{answer.body}"
exit(answer.code == '200' ? 0 : 1)
