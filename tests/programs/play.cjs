// Plays GLB and VRMA files in headless Chromium with three.js and three-vrm, and tells where things are.
// node play.cjs MODULES CHROMIUM FOLDER PAGE QUERY PICTURES...  prints RESULT and what the page found at each time.
const http = require('http'), fs = require('fs'), path = require('path');
const [modules, chromium, folder, page, query] = process.argv.slice(2, 7);
const puppeteer = require(path.join(modules, 'node_modules/puppeteer-core'));
const types = { '.js': 'text/javascript', '.html': 'text/html' };
const server = http.createServer((request, response) => {
  const name = decodeURIComponent(new URL(request.url, 'http://x').pathname);
  const file = name === '/' ? page : name.startsWith('/node_modules/') ? path.join(modules, name) : path.join(folder, name);
  fs.readFile(file, (error, bytes) => {
    response.writeHead(error ? 404 : 200, { 'Content-Type': types[path.extname(file)] ?? 'application/octet-stream' });
    response.end(bytes);
  });
});
server.listen(0, '127.0.0.1', async () => {
  const browser = await puppeteer.launch({
    executablePath: chromium,
    args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'],
    protocolTimeout: 150000,
  });
  try {
    const tab = await browser.newPage();
    tab.on('console', (m) => console.error(m.text()));
    tab.on('pageerror', (e) => console.error(String(e)));
    await tab.setViewport({ width: 480, height: 640 });
    await tab.goto(`http://127.0.0.1:${server.address().port}/?${query}`);
    await tab.waitForFunction('window.ready || window.failed', { timeout: 120000 });
    const failed = await tab.evaluate('window.failed');
    if (failed) throw new Error(failed);
    const results = [];
    for (const [n, picture] of process.argv.slice(7).entries()) {
      results.push(await tab.evaluate((n) => window.show(n), n));
      await tab.screenshot({ path: picture });
    }
    console.log('RESULT ' + JSON.stringify(results));
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    await browser.close();
    server.close();
  }
});
