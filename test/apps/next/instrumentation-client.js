import './lib/analytics';
